"""Models of energies and forces: composition, ridge and kernel ridge regression, networks."""

from rhobar.models.cartesian_tensors import cartesian_tensors, spherical_parts
from rhobar.models.composition import Composition, checked_energies, type_counts
from rhobar.models.distance_gnn import DistanceGnn
from rhobar.models.distance_graphs import DistanceGraphs, selected_graphs
from rhobar.models.energy_model import EnergyModel, Prediction
from rhobar.models.fitted_descriptor import load_descriptor, save_descriptor
from rhobar.models.hypers import from_hypers
from rhobar.models.kernel import KernelModel
from rhobar.models.linear import LinearModel
from rhobar.models.loading import load_model
from rhobar.models.nu_kernel_ridge import NuKernelRidge, NuKernelSolution
from rhobar.models.nu_mixing import ExponentialMixing, FreeMixing
from rhobar.models.principal_components import PrincipalComponents
from rhobar.models.ridge import Ridge, RidgeSolution
from rhobar.models.ridge_per_order import OrderSolution, RidgePerOrder
from rhobar.models.single_energy import SingleEnergy, TripletEnergy
from rhobar.models.sparse_kernel import SparseKernelModel
from rhobar.models.sparse_wigner_model import SparseWignerModel
from rhobar.models.stored_kernel_ridge import StoredKernelRidge, StoredKernelSolution
from rhobar.models.structures import force_rows, sum_over_atoms
from rhobar.models.triplet_encoder import TripletEncoderDecoder
from rhobar.models.triplet_pool import TripletPool
from rhobar.models.wigner_model import WignerModel
from rhobar.models.wigner_potential import WignerPotential
from rhobar.models.wigner_tensor_model import WignerTensorModel

__all__ = [
    "Composition",
    "DistanceGnn",
    "DistanceGraphs",
    "EnergyModel",
    "ExponentialMixing",
    "FreeMixing",
    "KernelModel",
    "LinearModel",
    "NuKernelRidge",
    "NuKernelSolution",
    "OrderSolution",
    "Prediction",
    "PrincipalComponents",
    "Ridge",
    "RidgePerOrder",
    "RidgeSolution",
    "SingleEnergy",
    "SparseKernelModel",
    "SparseWignerModel",
    "StoredKernelRidge",
    "StoredKernelSolution",
    "TripletEncoderDecoder",
    "TripletEnergy",
    "TripletPool",
    "WignerModel",
    "WignerPotential",
    "WignerTensorModel",
    "cartesian_tensors",
    "checked_energies",
    "force_rows",
    "from_hypers",
    "load_descriptor",
    "load_model",
    "save_descriptor",
    "selected_graphs",
    "spherical_parts",
    "sum_over_atoms",
    "type_counts",
]
