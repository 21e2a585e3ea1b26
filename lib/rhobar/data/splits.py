"""Which structures of a data set train a model and which test it, as index lists in a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rhobar.data.atomic import written_beside

QM9_SEED = 20240901

Indices = NDArray[np.int64]


def _empty() -> Indices:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """
    Structures of a data set by what they are used for, as 0-based indices.

    A training set of n structures is the first n of ``train``, so that each size of a learning
    curve contains the smaller ones and all are tested on the same structures.

    :param train: indices to train on, in the order in which they are taken
    :param test: indices to test on
    :param validation: indices to choose hyperparameters on, empty where the protocol takes them
        from the training structures
    :raises ValueError: if an index is negative, or occurs twice
    """

    train: Indices
    test: Indices
    validation: Indices = field(default_factory=_empty)

    def __post_init__(self) -> None:
        every = np.concatenate([self.train, self.test, self.validation])
        if every.size and (every.min() < 0 or not np.issubdtype(every.dtype, np.integer)):
            raise ValueError(
                f"Split: indices are integers from 0, got {every.dtype} down to {every.min()}."
            )
        values, counts = np.unique(every, return_counts=True)
        if (counts > 1).any():
            raise ValueError(
                f"Split: structure {values[counts > 1][0]} is used twice; training, validation and "
                "test structures must be different ones."
            )

    def save(self, path: str | Path) -> None:
        """Write the indices as JSON; the file appears complete or not at all."""
        parts = {name: getattr(self, name).tolist() for name in ("train", "validation", "test")}
        with written_beside(path) as temporary:
            temporary.write_text(json.dumps(parts) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Split:
        """
        Read what :meth:`save` wrote.

        :raises ValueError: naming the file, if it is not such a file
        """
        try:
            parts = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(**{name: np.array(rows, dtype=np.int64) for name, rows in parts.items()})
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"{path} is not a saved Split: {error}") from error


def shuffled_split(n_structures: int, *, n_test: int, seed: int) -> Split:
    """
    A permutation of all structures by ``numpy.random.default_rng(seed)``; the last ones test.

    :raises ValueError: if nothing is left to train on, or nothing to test
    """
    _check_test(n_structures, n_test)
    order = np.random.default_rng(seed).permutation(n_structures)
    return Split(train=order[:-n_test], test=order[-n_test:])


def prefix_split(n_structures: int, *, n_test: int) -> Split:
    """
    The order of the source: the first n train, the last ``n_test`` test.

    For random methane, whose structures are independent draws; with ``n_test=2000`` of 10,000 the
    protocol of the NICE learning curves (Nigam, Pozdnyakov, Ceriotti, J. Chem. Phys. 153, 121101
    (2020), doi:10.1063/5.0021116).
    """
    _check_test(n_structures, n_test)
    order = np.arange(n_structures)
    return Split(train=order[:-n_test], test=order[-n_test:])


def pair_split(n_structures: int, *, n_test: int, n_validation: int) -> Split:
    """
    The order of the source, for structures of which 2k and 2k + 1 are a pair that stays together.

    The last ``n_test`` test, the ``n_validation`` before them choose a model, the first ones train:
    the order of the B8 experiments of Nigam, Pozdnyakov, Huguenin-Dumittan, Ceriotti, APL Mach.
    Learn. 2, 016110 (2024), doi:10.1063/5.0160740, where there is no validation set and models are
    chosen by their test errors.

    :raises ValueError: for odd numbers, or if nothing is left to train on
    """
    _check_test(n_structures, n_test + n_validation)
    numbers = {"n_structures": n_structures, "n_test": n_test, "n_validation": n_validation}
    odd = {name: number for name, number in numbers.items() if number % 2}
    if odd or n_validation < 0:
        raise ValueError(f"pair_split: {odd or numbers} would part a pair; give even numbers.")
    order = np.arange(n_structures)
    start, stop = n_structures - n_test - n_validation, n_structures - n_test
    return Split(train=order[:start], validation=order[start:stop], test=order[stop:])


def qm9_split(n_structures: int, *, fast: bool = True, replica: int = 0) -> Split:
    """
    The split of the QM9 learning curves of this project.

    The structures that have an energy are permuted by ``default_rng(20240901 + replica)``. Tests
    are run on structures 5000 to 5999 of that order (``fast``) with up to 5,000 to train, or on
    its last 10,000 with the first 70,000 to train. Replica 0 of the 87,124 molecules of the npz
    is the reference split; its first rows in that file are 117740, 73733, 87792.

    :param n_structures: number of structures with an energy, as :func:`read_qm9_npz` returns them
    :raises ValueError: if there are too few of them
    """
    needed = 6_000 if fast else 80_000
    if n_structures < needed:
        raise ValueError(
            f"qm9_split(fast={fast}) needs {needed} structures, got {n_structures}; use "
            "shuffled_split for a part of QM9."
        )
    order = np.random.default_rng(QM9_SEED + replica).permutation(n_structures)
    if fast:
        return Split(train=order[:5000], test=order[5000:6000])
    return Split(train=order[:70_000], test=order[-10_000:])


def legacy_shuffle_split(
    n_structures: int,
    *,
    seed: int,
    n_test: int = 1000,
    known: NDArray[np.bool_] | None = None,
) -> Split:
    """
    The split of the Wigner-kernel experiments, bit for bit.

    The list 0 … n_structures - 1 is shuffled once by NumPy's legacy generator
    (``numpy.random.seed(seed); numpy.random.shuffle(list)``), structures that are not ``known``
    are left out in place, the first ``n_test`` of the rest test, the others train in this order
    (Bigi, Pozdnyakov, Ceriotti, arXiv:2303.04124).

    :param n_structures: size of the pool: 130,831 for QM9 without the uncharacterized molecules,
        by QM9 index, and 100,000 for random methane, the first of the file
    :param known: ``(structure,)``, False where the target is missing; None: all are known. The
        indices of the split stay those of the pool.
    """
    order = list(range(n_structures))
    np.random.RandomState(seed).shuffle(order)
    rows = np.array(order, dtype=np.int64)
    if known is not None:
        if known.shape != (n_structures,):
            raise ValueError(
                f"legacy_shuffle_split: known has shape {known.shape}, expected ({n_structures},)."
            )
        rows = rows[known[rows]]
    _check_test(len(rows), n_test)
    return Split(train=rows[n_test:], test=rows[:n_test])


def pool_split(
    members: NDArray[np.integer], *, n_pool: int, seed: int, n_test: int = 1000
) -> Split:
    """
    :func:`legacy_shuffle_split` of a pool, for a data set that holds only some of it.

    The whole pool is shuffled, what the data set lacks is left out in place, so that the structures
    in use come in the published order.

    :param members: ``(structure,)``, the place of each structure of the data set in the pool, from
        0, e.g. ``pool_index`` of :func:`read_qm9_npz`
    :param n_pool: size of the pool
    :return: indices of structures of the data set
    :raises ValueError: if a member is none of the pool, or there twice
    """
    row = np.full(n_pool, -1, dtype=np.int64)
    if len(members) and not 0 <= min(members) <= max(members) < n_pool:
        raise ValueError(
            f"pool_split: members run from {min(members)} to {max(members)}, the pool from 0 to "
            f"{n_pool - 1}."
        )
    row[members] = np.arange(len(members))
    if (row >= 0).sum() < len(members):
        raise ValueError("pool_split: a structure of the pool occurs twice among the members.")
    split = legacy_shuffle_split(n_pool, seed=seed, n_test=n_test, known=row >= 0)
    return Split(train=row[split.train], test=row[split.test])


def labelled_split(labels: Sequence[str] | NDArray[np.str_]) -> Split:
    """
    The split a data set brings along: one of ``"train"``, ``"val"``, ``"test"`` per structure.

    :raises ValueError: naming a label that is none of these
    """
    names = np.asarray(labels)
    unknown = sorted(set(names.tolist()) - {"train", "val", "test"})
    if unknown:
        raise ValueError(f"labelled_split: expected 'train', 'val' or 'test', got {unknown[0]!r}.")
    train, validation, test = (
        np.flatnonzero(names == label).astype(np.int64) for label in ("train", "val", "test")
    )
    return Split(train=train, test=test, validation=validation)


def _check_test(n_structures: int, n_test: int) -> None:
    if not 0 < n_test < n_structures:
        raise ValueError(
            f"n_test={n_test} of {n_structures} structures: choose at least 1 and leave at least "
            "1 to train on."
        )
