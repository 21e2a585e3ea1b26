"""Which degenerate structures a descriptor or model can tell apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .asked_target import audit_target
from .columns import Column
from .crossing import crossing_response, null_directions
from .pair_distances import PairDistance, column_distances
from .report import AuditReport
from .stored_pairs import audit_columns
from .target import AuditTarget

_NEAREST_PAIRS = 5  # of each family; no verdict depends on them


def audit(
    target: Any,
    *,
    catalogue: str = "all",
    n_pairs: int = 20,
    seed: int = 0,
    on_column: Callable[[str], None] | None = None,
) -> AuditReport:
    r"""
    Show a model pairs of structures that incomplete ones confuse, and judge what it makes of them.

    Each column of the result is one family of :mod:`rhobar.counterexamples`: its random pairs are
    judged by the distance of their features, relative to that which equally large noise makes
    (see :class:`Verdict`), and the worst of them is the verdict. Environments of one center are
    judged by what the target gives for that center, where it gives something for single atoms,
    structures by all atoms through a nonlinear readout. Finite structures are scaled so that all
    their distances are below 0.95 of the cutoff, and once more so that only nearest neighbors are:
    that second result, which no verdict depends on, shows what a short cutoff costs. Types that
    the target does not know are replaced, alike in both members. Nigam et al., APL Mach. Learn. 2,
    016110 (2024), doi:10.1063/5.0160740; Pozdnyakov, Ceriotti, Mach. Learn.: Sci. Technol. 3,
    045020 (2022), doi:10.1088/2632-2153/aca1f8.

    >>> from rhobar.analysis import audit
    >>> from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum
    >>> soap = SoapPowerSpectrum(cutoff=4.0, l_max=4, radial=Gto(4), density=Gaussian(0.3))
    >>> report = audit(soap, catalogue="env", n_pairs=2)
    >>> {column: str(verdict) for column, verdict in report.verdicts.items()}
    {'env2b': 'resolved', 'env3b': 'blind', 'env4b_rings': 'blind', 'ch4_manifold': 'blind',
    'mx6_center': 'blind', 'congruent_control': 'equal'}

    :param target: a descriptor, a model, an ASE calculator, or what :func:`audit_target` makes of
        them or of their names
    :param catalogue: see :func:`audit_columns`
    :param n_pairs: random pairs of each family
    :param on_column: called with the name of each column before it is done
    :raises ValueError: for a catalogue that does not exist, no pairs, or a target that fails or
        gives what is no number
    """
    if n_pairs < 1:
        raise ValueError(f"n_pairs = {n_pairs}: an audit needs at least one pair of each family.")
    began = time.perf_counter()
    chosen = audit_target(target)
    columns = audit_columns(catalogue)
    pairs: list[PairDistance] = []
    nearest: list[PairDistance] = []
    for column in columns:
        if on_column is not None:
            on_column(column.name)
        pairs += column_distances(chosen, column, n_pairs=n_pairs, seed=seed)
        nearest += _nearest_only(chosen, column, n_pairs=n_pairs, seed=seed)
    methane = any(column.name == "ch4_manifold" for column in columns)
    return AuditReport(
        traits=chosen.traits,
        catalogue=catalogue,
        n_pairs=n_pairs,
        seed=seed,
        equal_along_distances=tuple(one.name for one in columns if one.group == "wl1"),
        pairs=tuple(pairs),
        nearest=tuple(nearest),
        crossing=crossing_response(chosen) if methane else None,
        null_directions=null_directions(chosen) if methane else {},
        seconds=time.perf_counter() - began,
    )


def _nearest_only(
    target: AuditTarget, column: Column, *, n_pairs: int, seed: int
) -> list[PairDistance]:
    """Distances of a few pairs, scaled so that only nearest neighbors see each other."""
    if target.traits.cutoff is None or column.periodic:
        return []
    return column_distances(
        target, column, n_pairs=min(n_pairs, _NEAREST_PAIRS), seed=seed, nearest=True
    )
