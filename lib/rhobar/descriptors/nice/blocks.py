"""How many products one NICE iteration makes, and how many features it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Expansion:
    """
    One branch of an iteration: expand, purify, contract.

    :param num_expand: pairs of features to multiply, the most important ones of each inversion
        parity, with all that tie with the last; None: all pairs
    :param max_take: features of each lower order whose linear prediction is subtracted, the most
        important ones; None: all, 0: nothing is subtracted
    :param n_components: principal components kept in each block; a number that the data of the
        fit cannot give is refused
    :param max_components: the same as a bound, lowered to the rank where that is smaller; with
        neither, all components up to the rank are kept
    :raises ValueError: for negative numbers, or both kinds of component numbers
    """

    num_expand: int | None = None
    max_take: int | None = None
    n_components: int | None = None
    max_components: int | None = None

    def __post_init__(self) -> None:
        numbers = {
            "num_expand": (self.num_expand, 1),
            "max_take": (self.max_take, 0),
            "n_components": (self.n_components, 1),
            "max_components": (self.max_components, 1),
        }
        for name, (number, least) in numbers.items():
            if number is not None and number < least:
                raise ValueError(f"Expansion: {name}={number}; give at least {least}, or None.")
        if self.n_components is not None and self.max_components is not None:
            raise ValueError(
                f"Expansion: n_components={self.n_components} is exact and "
                f"max_components={self.max_components} a bound; give one of them."
            )

    def n_taken(self, count: int) -> int:
        """How many of so many features of a lower order serve for the prediction."""
        return count if self.max_take is None else min(count, self.max_take)

    def n_kept(self, n_products: int) -> int:
        """How many components of so many products are wanted at most."""
        limits = (self.n_components, self.max_components)
        return min(n_products, *(n for n in limits if n is not None), n_products)


@dataclass(frozen=True)
class NiceBlock:
    """
    One iteration, from ν to ν + 1 neighbors.

    :param covariant: makes all features of order ν + 1, from which the next block goes on; None
        in a last block, of which only invariants are wanted
    :param invariant: makes the invariants of order ν + 1 from products of their own; None: they
        are those of the covariant branch
    :param importance: ``"normalized"``: share of a feature in the variance of its block;
        ``"absolute"``: its variance, which compares blocks by their amplitude
    :param deduplicate: whether of two products of densities that differ in their order only
        one is made, times √2; the original NICE makes both, so that they count twice
        in ``num_expand``
    :param standardize: whether each block is divided by the root of its mean square after
        purification
    :raises ValueError: without any branch, or for an unknown importance
    """

    covariant: Expansion | None = Expansion()
    invariant: Expansion | None = None
    importance: str = "normalized"
    deduplicate: bool = True
    standardize: bool = False

    def __post_init__(self) -> None:
        if self.covariant is None and self.invariant is None:
            raise ValueError("NiceBlock: give an Expansion as covariant, as invariant, or both.")
        if self.importance not in ("normalized", "absolute"):
            raise ValueError(
                f"NiceBlock: importance is 'normalized' or 'absolute', got {self.importance!r}."
            )

    @classmethod
    def ch4_light(cls, nu_max: int = 4, *, deduplicate: bool = True) -> list[Self]:
        """
        Blocks of the tutorial of the original code on methane, for quick models.

        Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153, 121101 (2020), doi:10.1063/5.0021116; all
        presets are published settings. Component numbers are bounds.
        """
        covariant = Expansion(150, max_take=10, max_components=50)
        invariant = Expansion(300, max_take=50, max_components=200)
        inner = cls(covariant, invariant, deduplicate=deduplicate)
        last = cls(None, invariant, deduplicate=deduplicate)
        return [inner] * (nu_max - 2) + [last] * (nu_max > 1)

    @classmethod
    def ch4_small(cls) -> list[Self]:
        """Blocks for methane, ν up to 4; some 5,000 centers to fit."""
        return [
            cls(Expansion(1000, max_take=100, max_components=500)),
            cls(
                Expansion(3000, max_take=100, max_components=500),
                Expansion(5000, max_take=100, max_components=1000),
            ),
            cls(None, Expansion(5000, max_take=100, max_components=2000)),
        ]

    @classmethod
    def ch4_medium(cls) -> list[Self]:
        """Blocks for methane, ν up to 4; some 5,000 centers and tens of GB to fit."""
        return [
            cls(Expansion(max_take=100)),
            cls(
                Expansion(10000, max_take=100, max_components=2000),
                Expansion(50000, max_take=100, max_components=2000),
            ),
            cls(None, Expansion(50000, max_take=100, max_components=5000)),
        ]

    @classmethod
    def qm9_light(cls) -> list[Self]:
        """Blocks for QM9 with one model for all types (``shared=True``), ν up to 4."""
        covariant = Expansion(300, max_take=10, max_components=100)
        return [
            cls(covariant, Expansion(1000, max_take=10, max_components=200)),
            cls(covariant, Expansion(1000, max_take=10, max_components=200)),
            cls(None, Expansion(1000, max_take=10, max_components=100)),
        ]


@dataclass(frozen=True)
class DensityScale:
    r"""
    A factor for the density coefficients of each center, before anything is multiplied.

    .. math:: \alpha^{-2} = \sum_q c_{q00}^2 \; \text{(signal integral)}, \qquad
              \alpha^{-2} = \langle c_{qlm}^2 \rangle_{qlm} \; \text{(variance)}

    q = (neighbor type, n). A factor of each center mixes body orders, as any norm does. It is
    smooth as long as the center is part of its density: without it (``center_weight=0``) the
    features jump where the last neighbor leaves.

    :param measure: ``"signal integral"`` or ``"variance"``
    :param individually: a factor for each center; False: one for all, from the mean over the
        centers of the fit
    """

    measure: str = "signal integral"
    individually: bool = True

    def __post_init__(self) -> None:
        if self.measure not in ("signal integral", "variance"):
            raise ValueError(
                f"DensityScale: measure is 'signal integral' or 'variance', got {self.measure!r}."
            )
