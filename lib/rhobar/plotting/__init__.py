"""One style, one function per figure; figures are made from saved numbers only."""

from rhobar.plotting.audit_matrix import audit_matrix
from rhobar.plotting.body_order import body_order
from rhobar.plotting.boron_distances import boron_distances
from rhobar.plotting.boron_energies import boron_energies
from rhobar.plotting.boron_errors import boron_errors
from rhobar.plotting.color_classes import color_classes
from rhobar.plotting.component_variances import component_variances
from rhobar.plotting.crossing_sheets import crossing_sheets
from rhobar.plotting.learning_curves import learning_curves
from rhobar.plotting.local_reconstruction import local_reconstruction
from rhobar.plotting.methane_learning import methane_learning
from rhobar.plotting.network_differences import network_differences
from rhobar.plotting.network_training import network_training
from rhobar.plotting.orbit_learning import orbit_learning
from rhobar.plotting.pair_gallery import pair_gallery
from rhobar.plotting.parity import parity
from rhobar.plotting.periodic_pairs import periodic_pairs
from rhobar.plotting.preset_energies import preset_energies
from rhobar.plotting.reconstruction import reconstruction_maps
from rhobar.plotting.sensitivity import jacobian_spectra, manifold_collapse
from rhobar.plotting.separating_force import separating_force
from rhobar.plotting.sheet_spectra import sheet_spectra
from rhobar.plotting.structure_page import structure_page
from rhobar.plotting.style import (
    COLUMN_WIDTH,
    PAGE_WIDTH,
    figure_style,
    new_figure,
    save_figure,
)
from rhobar.plotting.wigner_cost import wigner_cost
from rhobar.plotting.wigner_curves import wigner_curves
from rhobar.plotting.wigner_exponential import wigner_exponential
from rhobar.plotting.wigner_sparse import wigner_sparse
from rhobar.plotting.wigner_truncation import wigner_truncation

__all__ = [
    "COLUMN_WIDTH",
    "PAGE_WIDTH",
    "audit_matrix",
    "body_order",
    "boron_distances",
    "boron_energies",
    "boron_errors",
    "color_classes",
    "component_variances",
    "crossing_sheets",
    "figure_style",
    "jacobian_spectra",
    "learning_curves",
    "local_reconstruction",
    "manifold_collapse",
    "methane_learning",
    "network_differences",
    "network_training",
    "new_figure",
    "orbit_learning",
    "pair_gallery",
    "parity",
    "periodic_pairs",
    "preset_energies",
    "reconstruction_maps",
    "save_figure",
    "separating_force",
    "sheet_spectra",
    "structure_page",
    "wigner_cost",
    "wigner_curves",
    "wigner_exponential",
    "wigner_sparse",
    "wigner_truncation",
]
