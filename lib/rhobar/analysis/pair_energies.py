"""What a model must miss that gives both members of a pair one energy."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ase
import numpy as np
from numpy.typing import ArrayLike, NDArray

from rhobar.counterexamples import Family

Energies = Callable[[Sequence[ase.Atoms]], ArrayLike]


@dataclass(frozen=True)
class PairEnergies:
    """Energies of both members, and how they change along the parameters of the family."""

    energies: tuple[float, float]
    """eV"""
    forces: dict[str, tuple[float, float]]
    """-∂E/∂θ by parameter, such as ``first[0]``: eV over the unit of θ"""

    @property
    def difference(self) -> float:
        """E₀ - E₁, eV."""
        return self.energies[0] - self.energies[1]

    @property
    def floor(self) -> float:
        """Least RMSE of one energy for both, eV: half of the difference."""
        return error_floor([self.difference])

    @property
    def force_floor(self) -> float:
        """Least RMSE of one set of forces for both."""
        return error_floor([low - high for low, high in self.forces.values()])


def error_floor(differences: ArrayLike) -> float:
    r"""
    Least root mean square error of any model that gives one value to both members of each pair.

    .. math:: \sqrt{\tfrac14 \langle \Delta^2 \rangle}

    :param differences: Δ ``(pair,)``, between the true values of the members
    """
    return float(0.5 * np.sqrt(np.mean(np.square(differences))))


def pair_energies(family: Family, energies: Energies, *, step: float = 1e-3) -> PairEnergies:
    """
    Energies of a pair, and forces along each continuous parameter by central differences.

    A model that cannot tell the members apart cannot do so for any parameters, hence it gives both
    the same forces along them, too. Periods that are zero stay zero.

    :param energies: gives eV for a list of structures
    :param step: to either side, in the unit of the parameter
    """
    moved: list[Family] = [family]
    names = []
    for name, changes in _parameters(family, step):
        names.append(name)
        moved += changes
    members = [atoms for one in moved for atoms in one.pair()]
    values: NDArray[np.float64] = np.asarray(energies(members), dtype=np.float64).reshape(-1, 2)
    slopes = (values[2::2] - values[1::2]) / (2 * step)  # (parameter, member)
    return PairEnergies(
        energies=(float(values[0, 0]), float(values[0, 1])),
        forces={
            name: (-float(low), -float(high))
            for name, (low, high) in zip(names, slopes, strict=True)
        },
    )


def _parameters(family: Family, step: float) -> Iterator[tuple[str, list[Family]]]:
    """Each continuous parameter, and the family with a little less and a little more of it."""
    for field in dataclasses.fields(family):  # type: ignore[arg-type]
        value = getattr(family, field.name)
        parts = value if isinstance(value, tuple) else (value,)
        for place, part in enumerate(parts):
            if not isinstance(part, float) or (field.name == "periods" and part == 0):
                continue
            changed: list[Any] = []
            for change in (-step, step):
                new = (*parts[:place], part + change, *parts[place + 1 :])
                changed.append(new if isinstance(value, tuple) else new[0])
            name = f"{field.name}[{place}]" if isinstance(value, tuple) else field.name
            yield (
                name,
                [dataclasses.replace(family, **{field.name: one}) for one in changed],  # type: ignore[type-var]
            )
