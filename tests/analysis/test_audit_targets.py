"""What can be audited, and what is refused with a line that says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import ase
import numpy as np
import pytest
import torch
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from metatensor.torch import TensorMap
from metatomic.torch import NeighborListOptions, System

from rhobar.analysis import Verdict, audit, audit_target, expected_table, verdict_differences
from rhobar.descriptors import Gaussian, Gto, SoapPowerSpectrum, Triplets
from rhobar.export import export_model
from rhobar.models import DistanceGnn, LinearModel, Ridge, TripletPool
from tests import structures
from tests.analysis.calculators import Empty, Pairs, Tilted
from tests.analysis.exported_models import save_position_energy

TABLE = expected_table()
SOAP = {"cutoff": 4.0, "l_max": 3, "radial": Gto(3), "density": Gaussian(0.3, center_weight=0.0)}


@pytest.fixture(scope="module")
def fitted() -> LinearModel:
    """A linear model of SOAP features of C, H and O."""
    build = [structures.methane, structures.ethanol]
    frames = [structures.rattled(build[k % 2](), amplitude=0.1, seed=k) for k in range(16)]
    energies = np.array([np.exp(-frame.get_all_distances()).sum() for frame in frames])
    soap = SoapPowerSpectrum(**SOAP, atomic_types=[1, 6, 8])
    return LinearModel(soap, normalize=False, solver=Ridge((1e-6,))).fit(frames, energies)


@pytest.fixture
def exported(fitted: LinearModel, tmp_path: Path) -> Path:
    """The same as a metatomic model, with energies per atom."""
    path = tmp_path / "linear.pt"
    export_model(fitted, path)
    return path


def test_exported_model_is_what_its_features_are(exported: Path) -> None:
    """Energies of single atoms are compared for environments, so that the model is as ν = 2."""
    report = audit(exported, n_pairs=2)
    assert report.traits.is_energy
    assert report.traits.by_center
    assert report.traits.cutoff == pytest.approx(4.0)
    assert report.traits.atomic_types == (1, 6, 8)
    assert report.verdicts == TABLE["nu2"]
    assert report.crossing is not None
    assert report.crossing.artificial_zero
    apart = {result.column: result.energy_difference for result in report.columns}
    assert apart["axes3"] is not None
    assert apart["env3b"] is not None
    assert apart["axes3"] > 1e3 * apart["env3b"]


def test_fitted_model_is_as_its_export(fitted: LinearModel, exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "linear.npz"
    fitted.save(path)
    for catalogue in ("env2b", "axes3"):
        reports = [
            audit(target, n_pairs=2, catalogue=catalogue) for target in (fitted, path, exported)
        ]
        assert reports[0].verdicts == reports[1].verdicts == reports[2].verdicts
        distances = [[pair.distance for pair in report.pairs[:2]] for report in reports]
        np.testing.assert_allclose(distances, [distances[2]] * 3, rtol=1e-8)


def test_exported_network_is_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "network.pt"
    network = DistanceGnn([1, 5, 6, 7, 8], cutoff=4.0, r_max=4.0, hidden=16, layers=2)
    export_model(network, path)
    for catalogue in ("env3b", "planes", "planes_3d"):
        report = audit(path, n_pairs=2, catalogue=catalogue)
        assert verdict_differences(report.verdicts, TABLE["distance-gnn"]) == {}
    without_cutoff = DistanceGnn([1, 5, 6, 7, 8], hidden=16, layers=2)
    with pytest.raises(ValueError, match="periodic and has no end of distances"):
        audit(without_cutoff, n_pairs=1, catalogue="planes_1d")
    assert audit(without_cutoff, n_pairs=1, catalogue="hexagon").verdicts["hexagon"] == "blind"


def test_types_that_a_module_declares() -> None:
    triplets = Triplets(**SOAP, channels=4, atomic_types=[1, 6])
    pool = TripletPool(triplets, widths=(16,))
    network = DistanceGnn([1, 6, 8], cutoff=4.0, hidden=8, layers=1)
    declared = {SoapPowerSpectrum(**SOAP): None, triplets: (1, 6), pool: (1, 6), network: (1, 6, 8)}
    for module, types in declared.items():
        assert audit_target(module).traits.atomic_types == types
    report = audit(pool, n_pairs=1, catalogue="mx6_center")  # S and F, replaced by C and H
    assert report.verdicts["mx6_center"] == Verdict.RESOLVED


def test_lennard_jones_is_a_pair_potential() -> None:
    for catalogue in ("env", "bk_tetra", "periodic"):
        report = audit(LennardJones(rc=5.0), n_pairs=1, catalogue=catalogue)
        assert report.verdicts.items() <= TABLE["pair-potential"].items()
        assert report.nearest == ()  # no cutoff was given


def test_embedded_atoms_are_nu1() -> None:
    """A nonlinear function of a sum over neighbors: lists of distances from each atom."""
    target = audit_target(EMT(), atomic_types=[13, 28, 29, 47, 79])
    for catalogue in ("bk_tetra", "env", "axes3"):
        report = audit(target, n_pairs=2, catalogue=catalogue)
        assert report.verdicts.items() <= TABLE["nu1"].items()


def test_calculator_in_a_box_with_its_own_types() -> None:
    target = audit_target(Pairs(), box=True, atomic_types=[1, 6], cutoff=6.0)
    report = audit(target, n_pairs=2, catalogue="env4b_rings")
    assert not report.traits.by_center
    assert report.verdicts["env4b_rings"] == Verdict.BLIND
    assert report.verdicts["congruent_control"] == Verdict.EQUAL


def test_model_that_is_not_invariant_gets_no_verdict(tmp_path: Path) -> None:
    for target in (Tilted(), save_position_energy(tmp_path / "positions.pt")):
        report = audit(target, n_pairs=2, catalogue="env3b")
        assert not report.invariant
        assert not report.passed
        assert report.verdicts == {"env3b": Verdict.NONE, "congruent_control": Verdict.WRONG}


class CalledWithSystems(torch.nn.Module):
    """SOAP that can be called, and has no ``compute``."""

    def __init__(self) -> None:
        super().__init__()
        self.soap = SoapPowerSpectrum(**SOAP)

    def requested_neighbor_lists(self) -> list[NeighborListOptions]:
        return self.soap.requested_neighbor_lists()

    def forward(self, systems: list[System]) -> TensorMap:
        return self.soap(systems)


def test_module_without_compute() -> None:
    report = audit(CalledWithSystems(), n_pairs=2, catalogue="env3b")
    assert report.verdicts["env3b"] == Verdict.BLIND
    assert report.traits.name == "CalledWithSystems"


def test_descriptor_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "soap.json"
    hypers = {
        "type": "SoapPowerSpectrum",
        "cutoff": 4.0,
        "l_max": 3,
        "radial": {"type": "Gto", "n_radial": 3},
        "density": {"type": "Gaussian", "width": 0.3, "center_weight": 0.0},
    }
    path.write_text(json.dumps(hypers))
    found = audit(str(path), n_pairs=1, catalogue="axes3")
    expected = audit(SoapPowerSpectrum(**SOAP), n_pairs=1, catalogue="axes3")
    assert found.pairs == expected.pairs


def test_import_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_potential.py").write_text(
        "from ase.calculators.lj import LennardJones\n"
        "ready = LennardJones()\n"
        "class Mine(LennardJones):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    names = ["my_potential:ready", "my_potential:Mine", "ase.calculators.lj.LennardJones"]
    for name in names:
        assert audit_target(name).traits.name == name


# Refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": float("nan")}, r"\.pt gave nan for"),
        ({"output": "mtt::dipole", "unit": "Debye"}, r"outputs \['mtt::dipole'\]; an audit needs"),
        ({"unit": ""}, "unit of length 'angstrom', of energy ''"),
        ({"length_unit": ""}, "unit of length '', of energy 'eV'"),
    ],
    ids=["nan", "no energy", "no unit of energy", "no unit of length"],
)
@pytest.mark.filterwarnings("ignore:No length unit:UserWarning")
def test_bad_models_are_refused(tmp_path: Path, options: dict[str, object], message: str) -> None:
    path = save_position_energy(tmp_path / "bad.pt", **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        audit(path, n_pairs=1, catalogue="env2b")


def test_unknown_type_is_named() -> None:
    with pytest.raises(ValueError, match="No EMT-potential for B; if it does not know them, give"):
        audit(EMT(), n_pairs=1, catalogue="axes3")


def test_calculator_without_energy_is_refused() -> None:
    with pytest.raises(ValueError, match="Empty has charges; an audit needs an energy"):
        audit_target(Empty())


def _absent(folder: Path) -> str:
    return str(folder / "absent.pt")


def _truncated(folder: Path) -> str:
    path = folder / "short.pt"
    path.write_bytes(b"PK\x03\x04 and no more")
    return str(path)


def _no_json(folder: Path) -> str:
    path = folder / "soap.json"
    path.write_text("{cutoff: 4}")
    return str(path)


def _list(folder: Path) -> str:
    path = folder / "soap.json"
    path.write_text("[4.0]")
    return str(path)


def _unknown_class(folder: Path) -> str:
    path = folder / "soap.json"
    path.write_text('{"type": "Acsf", "cutoff": 4.0}')
    return str(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (_absent, r"absent\.pt: no such file"),
        (_truncated, r"short\.pt is no exported metatomic model"),
        (_no_json, r"soap\.json is not JSON"),
        (_list, r"soap\.json: expected an object of hyperparameters"),
        (_unknown_class, r"soap\.json: no type 'Acsf'"),
        ("nu9", "nu9 is none of a name"),
        ("no.such.module:Thing", "cannot be imported: ModuleNotFoundError: No module named 'no'"),
        ("math:tau_e", "math:tau_e cannot be imported: AttributeError"),
        ("math:pi", "math:pi is a float: no descriptor, metatomic model or ASE calculator"),
    ],
)
def test_bad_names_are_refused(
    tmp_path: Path, name: str | Callable[[Path], str], message: str
) -> None:
    text = name if isinstance(name, str) else name(tmp_path)
    with pytest.raises(ValueError, match=message):
        audit_target(text)


def test_number_that_is_no_number_is_located() -> None:
    class Broken(Pairs):
        def calculate(self, atoms: ase.Atoms | None = None, *others: object) -> None:
            self.results = {"energy": float("inf")}

    with pytest.raises(ValueError, match=r"Broken gave inf for .* with positions \[\["):
        audit(Broken(), n_pairs=1, catalogue="env2b")
