"""Data sets: readers, splits, downloads, and the generators of the embedded reference data."""

from rhobar.data.atomic import remove_abandoned, written_beside
from rhobar.data.boron8 import Boron8Chunks
from rhobar.data.boron8_pairs import read_boron8
from rhobar.data.catalogue import RemoteFile, Source, catalogue
from rhobar.data.dataset import Dataset
from rhobar.data.download import FileStatus, check, fetch, fetch_file
from rhobar.data.embedded import load_embedded
from rhobar.data.frames import read_frames
from rhobar.data.methane import MethaneChunks, sample_methane
from rhobar.data.methane_orbit import read_methane_orbit
from rhobar.data.minimol import MinimolChunks, minimol_candidates
from rhobar.data.prepared import load_prepared, save_prepared
from rhobar.data.progress import ProgressBar
from rhobar.data.qm9 import read_atom_references, read_qm9_archive, read_uncharacterized
from rhobar.data.qm9_npz import read_qm9_npz
from rhobar.data.random_methane import read_random_methane
from rhobar.data.readers import read_source
from rhobar.data.reference_set import (
    grow_reference_set,
    load_reference_set,
    publish_reference_sets,
    save_reference_set,
)
from rhobar.data.rmd17 import RMD17_MOLECULES, read_rmd17_archive, read_rmd17_npz
from rhobar.data.splits import (
    Split,
    labelled_split,
    legacy_shuffle_split,
    pair_split,
    pool_split,
    prefix_split,
    qm9_split,
    shuffled_split,
)
from rhobar.data.transfer import DownloadError
from rhobar.data.units import BOHR, DEBYE, KCAL_PER_MOL
from rhobar.data.xtb import xtb_energies

__all__ = [
    "BOHR",
    "DEBYE",
    "KCAL_PER_MOL",
    "RMD17_MOLECULES",
    "Boron8Chunks",
    "Dataset",
    "DownloadError",
    "FileStatus",
    "MethaneChunks",
    "MinimolChunks",
    "ProgressBar",
    "RemoteFile",
    "Source",
    "Split",
    "catalogue",
    "check",
    "fetch",
    "fetch_file",
    "grow_reference_set",
    "labelled_split",
    "legacy_shuffle_split",
    "load_embedded",
    "load_prepared",
    "load_reference_set",
    "minimol_candidates",
    "pair_split",
    "pool_split",
    "prefix_split",
    "publish_reference_sets",
    "qm9_split",
    "read_atom_references",
    "read_boron8",
    "read_frames",
    "read_methane_orbit",
    "read_qm9_archive",
    "read_qm9_npz",
    "read_random_methane",
    "read_rmd17_archive",
    "read_rmd17_npz",
    "read_source",
    "read_uncharacterized",
    "remove_abandoned",
    "sample_methane",
    "save_prepared",
    "save_reference_set",
    "shuffled_split",
    "written_beside",
    "xtb_energies",
]
