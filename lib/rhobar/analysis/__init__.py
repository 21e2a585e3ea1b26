"""Numerical experiments on descriptors and models."""

from rhobar.analysis.angle_weisfeiler_lehman import angle_weisfeiler_lehman
from rhobar.analysis.body_order import (
    BodyOrderError,
    body_order_errors,
    many_body_energies,
    random_environments,
)
from rhobar.analysis.center_features import center_features
from rhobar.analysis.color_refinement import ColorRefinement
from rhobar.analysis.completeness import (
    AuditReport,
    AuditTarget,
    Column,
    ColumnResult,
    TargetTraits,
    Verdict,
    audit,
    audit_columns,
    audit_target,
    expected_table,
    expected_verdicts,
    report_table,
    verdict_differences,
    write_report,
)
from rhobar.analysis.distance_blindness import (
    EnergyDifference,
    distance_degenerate,
    energy_differences,
)
from rhobar.analysis.environment_jacobian import EnvironmentJacobian, environment_jacobians
from rhobar.analysis.face_alignment import face_alignments
from rhobar.analysis.folklore_weisfeiler_lehman import folklore_weisfeiler_lehman
from rhobar.analysis.jacobian_spectrum import (
    JacobianSpectrum,
    jacobian_spectra,
    jacobian_spectrum,
    spectrum_of,
)
from rhobar.analysis.kernel_features import kernel_features
from rhobar.analysis.local_reconstruction import lfre
from rhobar.analysis.methane_sheets import (
    SheetPoint,
    along_manifold,
    collapse_exponent,
    triple_product_energy,
)
from rhobar.analysis.node_marked_weisfeiler_lehman import node_marked_weisfeiler_lehman
from rhobar.analysis.pair_energies import PairEnergies, error_floor, pair_energies
from rhobar.analysis.pair_errors import PairErrors, pair_errors
from rhobar.analysis.pair_verification import PairCheck, verify_pair
from rhobar.analysis.quasi_constant_orbit import QuasiConstantOrbit, quasi_constant_orbit
from rhobar.analysis.rbf_kernel import RbfKernel
from rhobar.analysis.reconstruction import gfrd, gfre
from rhobar.analysis.smooth_fit import SmoothFit
from rhobar.analysis.spectrum_difference import spectrum_difference
from rhobar.analysis.three_body_energy import three_body_energies
from rhobar.analysis.weisfeiler_lehman import discrete_weisfeiler_lehman, weisfeiler_lehman

__all__ = [
    "AuditReport",
    "AuditTarget",
    "BodyOrderError",
    "ColorRefinement",
    "Column",
    "ColumnResult",
    "EnergyDifference",
    "EnvironmentJacobian",
    "JacobianSpectrum",
    "PairCheck",
    "PairEnergies",
    "PairErrors",
    "QuasiConstantOrbit",
    "RbfKernel",
    "SheetPoint",
    "SmoothFit",
    "TargetTraits",
    "Verdict",
    "along_manifold",
    "angle_weisfeiler_lehman",
    "audit",
    "audit_columns",
    "audit_target",
    "body_order_errors",
    "center_features",
    "collapse_exponent",
    "discrete_weisfeiler_lehman",
    "distance_degenerate",
    "energy_differences",
    "environment_jacobians",
    "error_floor",
    "expected_table",
    "expected_verdicts",
    "face_alignments",
    "folklore_weisfeiler_lehman",
    "gfrd",
    "gfre",
    "jacobian_spectra",
    "jacobian_spectrum",
    "kernel_features",
    "lfre",
    "many_body_energies",
    "node_marked_weisfeiler_lehman",
    "pair_energies",
    "pair_errors",
    "quasi_constant_orbit",
    "random_environments",
    "report_table",
    "spectrum_difference",
    "spectrum_of",
    "three_body_energies",
    "triple_product_energy",
    "verdict_differences",
    "verify_pair",
    "weisfeiler_lehman",
    "write_report",
]
