"""Structures on their way in: ase and metatomic, neighbors, validation."""

from .batch import Batch, batched
from .conversion import from_ase, to_ase
from .neighbors import neighbor_options, neighbors_added
from .pairs import Pairs, neighborhoods_within_cutoff, pairs_within_cutoff
from .validation import MINIMUM_DISTANCE, refuse_overlaps, validate

__all__ = [
    "MINIMUM_DISTANCE",
    "Batch",
    "Pairs",
    "batched",
    "from_ase",
    "neighbor_options",
    "neighborhoods_within_cutoff",
    "neighbors_added",
    "pairs_within_cutoff",
    "refuse_overlaps",
    "to_ase",
    "validate",
]
