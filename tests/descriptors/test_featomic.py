"""
Agreement with featomic, an independent implementation: labels exactly, numbers to 1e-10.

Neither side uses splines unless a test says so. Differences are relative to the largest number of
the whole TensorMap, for values and for each kind of gradient apart.
"""

from __future__ import annotations

import gzip
import io
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ase
import ase.io
import featomic
import numpy as np
import pytest
import torch
from featomic.clebsch_gordan import EquivariantPowerSpectrum

from rhobar.descriptors import (
    LambdaSoap,
    SoapPowerSpectrum,
    SoapRadialSpectrum,
    SphericalExpansion,
)
from rhobar.math import clebsch_gordan
from tests import structures

TOLERANCE = 1e-10

CUTOFF = {"radius": 4.5, "smoothing": {"type": "ShiftedCosine", "width": 0.5}}
# every option away from its default
DENSITY = {
    "type": "Gaussian",
    "width": 0.4,
    "center_atom_weight": 0.7,
    "scaling": {"type": "Willatt2018", "scale": 2.0, "rate": 1.5, "exponent": 3.0},
}
GTO = {"type": "Gto", "max_radial": 3}


def basis(radial: dict[str, Any] = GTO, **others: Any) -> dict[str, Any]:
    """A basis with ``max_angular`` 3, without splines."""
    return {
        "type": "TensorProduct",
        "max_angular": 3,
        "radial": radial,
        "spline_accuracy": None,
        **others,
    }


RADIAL_BASIS = {"radial": GTO, "spline_accuracy": None}  # featomic's form for l = 0 only

PAIRS = {
    "expansion": (SphericalExpansion, featomic.SphericalExpansion, basis()),
    "radial": (SoapRadialSpectrum, featomic.SoapRadialSpectrum, RADIAL_BASIS),
    "power": (SoapPowerSpectrum, featomic.SoapPowerSpectrum, basis()),
}
FRAMES: dict[str, Callable[[], ase.Atoms]] = {
    "ethanol": structures.ethanol,
    "water": structures.water_box,
    "alloy": structures.alloy,
    "fcc": structures.fcc_one_atom,
}


def assert_equal_labels(found: Any, expected: Any) -> None:
    """Names and values, in this order; one side is of metatensor, one of metatensor.torch."""
    assert list(found.names) == list(expected.names)
    np.testing.assert_array_equal(np.asarray(found.values), np.asarray(expected.values))


def parts(features: Any) -> Iterator[tuple[str, Any]]:
    """Each block and gradient block of a TensorMap with what it holds."""
    for block in features.blocks():
        yield "values", block
        yield from block.gradients()


def assert_agreement(found: Any, expected: Any, tolerance: float = TOLERANCE) -> None:
    """Equal labels; values and each kind of gradient within ``tolerance`` of the largest."""
    assert_equal_labels(found.keys, expected.keys)
    ours, theirs = list(parts(found)), list(parts(expected))
    assert [kind for kind, _ in ours] == [kind for kind, _ in theirs]
    largest: dict[str, float] = {}
    worst: dict[str, float] = {}
    for (kind, block), (_, reference) in zip(ours, theirs, strict=True):
        assert_equal_labels(block.samples, reference.samples)
        assert_equal_labels(block.properties, reference.properties)
        assert len(block.components) == len(reference.components)
        for component, other in zip(block.components, reference.components, strict=True):
            assert_equal_labels(component, other)
        values, numbers = np.asarray(block.values), np.asarray(reference.values)
        largest[kind] = max(largest.get(kind, 0.0), np.abs(numbers).max(initial=0.0))
        worst[kind] = max(worst.get(kind, 0.0), np.abs(values - numbers).max(initial=0.0))
    assert largest["values"] > 0
    for kind, error in worst.items():
        # all position gradients of a crystal of one atom vanish: then the values set the scale
        size = largest[kind] or largest["values"]
        assert error <= tolerance * size, f"{kind}: {error / size:.3g} relative"


def first_frame(path: Path) -> ase.Atoms:
    """The first structure of a compressed extended xyz file, without reading the others."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        first = stream.readline()
        lines = [first, *itertools.islice(stream, int(first) + 1)]
    return ase.io.read(io.StringIO("".join(lines)), format="extxyz")


def gradients_of(frame: ase.Atoms) -> list[str]:
    """The kinds of gradients that a frame has: those of the cell only with a cell."""
    return ["positions", "cell", "strain"] if frame.pbc.all() else ["positions"]


def check_against_featomic(name: str, frame: ase.Atoms) -> None:
    """Values and all gradients of one descriptor for one frame."""
    ours, theirs, its_basis = PAIRS[name]
    hypers = {"cutoff": CUTOFF, "density": DENSITY, "basis": its_basis}
    wanted = gradients_of(frame)
    expected = theirs(**hypers).compute(frame, gradients=wanted)
    assert_agreement(ours.from_featomic(**hypers).compute(frame, gradients=wanted), expected)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("frame", FRAMES)
def test_values_and_gradients(name: str, frame: str) -> None:
    check_against_featomic(name, FRAMES[frame]())


@pytest.mark.mirror
@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_for_published_water(name: str, mirror: Path) -> None:
    frame = first_frame(mirror / "water" / "water_revpbe0d3_1593subset.extxyz.gz")
    assert len(frame) == 192
    check_against_featomic(name, frame)


@pytest.mark.mirror
@pytest.mark.parametrize("name", PAIRS)
def test_values_and_gradients_for_a_published_alloy(name: str, mirror: Path) -> None:
    frames = ase.io.read(mirror / "materials" / "hea25_samples_100.extxyz.gz", index=":")
    frame = min(frames, key=lambda frame: (-len(set(frame.numbers)), len(frame)))
    assert len(set(frame.numbers)) >= 5
    check_against_featomic(name, frame)


@pytest.mark.parametrize("name", PAIRS)
def test_several_frames_at_once(name: str) -> None:
    """Molecules, crystals and lone atoms in one call, and an empty structure among them."""
    ours, theirs, its_basis = PAIRS[name]
    # featomic takes structures that are periodic in all directions or in none
    frames = [frame for frame in structures.everything() if len(set(frame.pbc)) == 1]
    hypers = {"cutoff": CUTOFF, "density": DENSITY, "basis": its_basis}
    expected = theirs(**hypers).compute(frames, gradients=["positions"])
    assert_agreement(
        ours.from_featomic(**hypers).compute(frames, gradients=["positions"]), expected
    )


@pytest.mark.parametrize("name", PAIRS)
def test_large_basis(name: str) -> None:
    """
    Eight functions, whose overlaps have the condition number 3e4.

    Their orthonormalisation in double precision alone makes two right codes differ by 1e-11;
    test_radial_integral.py compares rhobar's with forty digits.
    """
    ours, theirs, _ = PAIRS[name]
    gto = {"type": "Gto", "max_radial": 7}
    large = basis(gto, max_angular=6) if name != "radial" else {**RADIAL_BASIS, "radial": gto}
    hypers = {
        "cutoff": {"radius": 5.0, "smoothing": {"type": "ShiftedCosine", "width": 0.5}},
        "density": {
            "type": "Gaussian",
            "width": 0.3,
            "scaling": {"type": "Willatt2018", "scale": 2.0, "rate": 1.0, "exponent": 4.0},
        },
        "basis": large,
    }
    frame = structures.ethanol()
    expected = theirs(**hypers).compute(frame, gradients=["positions"])
    assert_agreement(ours.from_featomic(**hypers).compute(frame, gradients=["positions"]), expected)


@pytest.mark.parametrize("name", PAIRS)
def test_sharp_end(name: str) -> None:
    ours, theirs, its_basis = PAIRS[name]
    cutoff = {"radius": 3.7, "smoothing": {"type": "Step"}}
    hypers = {"cutoff": cutoff, "density": {"type": "Gaussian", "width": 0.3}, "basis": its_basis}
    frame = structures.rock_salt()
    expected = theirs(**hypers).compute(frame, gradients=gradients_of(frame))
    found = ours.from_featomic(**hypers).compute(frame, gradients=gradients_of(frame))
    assert_agreement(found, expected)


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize(
    ("gradients", "tolerance"), [([], 1e-8), (["positions", "cell", "strain"], 1e-7)]
)
def test_tabulated_radial_integrals(name: str, gradients: list[str], tolerance: float) -> None:
    """rhobar tabulates them at its default accuracy, featomic evaluates them."""
    ours, theirs, its_basis = PAIRS[name]
    frame = structures.water_box(2)
    exact = theirs(cutoff=CUTOFF, density=DENSITY, basis=its_basis)
    tabulated = ours.from_featomic(
        cutoff=CUTOFF, density=DENSITY, basis={**its_basis, "spline_accuracy": 1e-10}
    )
    expected = exact.compute(frame, gradients=gradients)
    assert_agreement(tabulated.compute(frame, gradients=gradients), expected, tolerance)


def lambda_soaps() -> tuple[LambdaSoap, EquivariantPowerSpectrum, featomic.SphericalExpansion]:
    """Both λ-SOAPs of l ≤ 2, three radial functions, and the expansion under them."""
    small = basis({"type": "Gto", "max_radial": 2}, max_angular=2)
    hypers = {"cutoff": CUTOFF, "density": DENSITY, "basis": small}
    expansion = featomic.SphericalExpansion(**hypers)
    return LambdaSoap.from_featomic(**hypers), EquivariantPowerSpectrum(expansion), expansion


@pytest.mark.parametrize("frame", ["ethanol", "small water", "alloy", "fcc"])
def test_equivariant_power_spectrum(frame: str) -> None:
    chosen = structures.water_box(2) if frame == "small water" else FRAMES[frame]()
    ours, theirs, _ = lambda_soaps()
    expected = theirs.compute(chosen, neighbors_to_properties=True)
    assert_agreement(ours.compute(chosen), expected)


@pytest.mark.mirror
def test_equivariant_power_spectrum_for_published_water(mirror: Path) -> None:
    frame = first_frame(mirror / "water" / "water_revpbe0d3_1593subset.extxyz.gz")
    ours, theirs, _ = lambda_soaps()
    assert_agreement(ours.compute(frame), theirs.compute(frame, neighbors_to_properties=True))


class Dense:
    """
    Coefficients of featomic's expansion and their gradients as plain arrays.

    ``values[type, l]`` is ``(atom, m, n)``, ``gradients[type, l]`` is ``(atom, moved, m, n)``,
    where ``moved`` runs over atoms and axes (positions) or over the two axes of a cell or strain.
    """

    def __init__(self, expansion: featomic.SphericalExpansion, frame: ase.Atoms, parameter: str):
        features = expansion.compute(frame, gradients=[parameter])
        per_atom = len(frame) * 3 if parameter == "positions" else 9
        self.values: dict[tuple[int, int], np.ndarray] = {}
        self.gradients: dict[tuple[int, int], np.ndarray] = {}
        for key, block in features.items():
            name = (int(key["neighbor_type"]), int(key["o3_lambda"]))
            shape = block.values.shape[1:]
            values = self.values.setdefault(name, np.zeros((len(frame), *shape)))
            gradients = self.gradients.setdefault(name, np.zeros((len(frame), per_atom, *shape)))
            centers = block.samples["atom"]
            values[centers] = block.values
            stored = block.gradient(parameter)
            rows = centers[stored.samples["sample"]]
            if parameter == "positions":
                moved = 3 * stored.samples["atom"][:, None] + np.arange(3)
                gradients[rows[:, None], moved] = stored.values
            else:
                gradients[rows] = stored.values.reshape(-1, 9, *shape)

    def product(self, key: Any, properties: Any) -> tuple[np.ndarray, np.ndarray]:
        """Values ``(atom, mu, property)`` of one block of the λ-SOAP, and their gradients."""
        columns, derivatives = [], []
        for l1, l2, a1, n1, a2, n2 in properties.values.tolist():
            # featomic couples the second density with the first, which is a sign: that of sigma
            coupling = clebsch_gordan(l1, l2, int(key["o3_lambda"])).numpy() * int(key["o3_sigma"])
            c1, c2 = self.values[a1, l1][..., n1], self.values[a2, l2][..., n2]
            d1, d2 = self.gradients[a1, l1][..., n1], self.gradients[a2, l2][..., n2]
            columns.append(np.einsum("mnk,im,in->ik", coupling, c1, c2))
            derivatives.append(
                np.einsum("mnk,ijm,in->ijk", coupling, d1, c2)
                + np.einsum("mnk,im,ijn->ijk", coupling, c1, d2)
            )
        return np.stack(columns, axis=-1), np.stack(derivatives, axis=-1)


@pytest.mark.parametrize(
    ("frame", "parameter"),
    [("ethanol", "positions"), ("rock salt", "positions"), ("fcc", "cell"), ("fcc", "strain")],
)
def test_gradients_of_the_equivariant_power_spectrum(frame: str, parameter: str) -> None:
    """featomic stores none of these: contract the gradients of its expansion instead."""
    chosen = structures.rock_salt() if frame == "rock salt" else FRAMES[frame]()
    ours, _, expansion = lambda_soaps()
    dense = Dense(expansion, chosen, parameter)
    worst = largest = 0.0
    for key, block in ours.compute(chosen, gradients=[parameter]).items():
        values, derivatives = dense.product(key, block.properties)
        centers = block.samples.column("atom").numpy()
        np.testing.assert_allclose(block.values.numpy(), values[centers], rtol=0, atol=1e-10)
        found = np.zeros((len(centers), *derivatives.shape[1:]))
        stored = block.gradient(parameter)
        rows = stored.samples.column("sample").numpy()
        if parameter == "positions":
            moved = 3 * stored.samples.column("atom").numpy()[:, None] + np.arange(3)
            found[rows[:, None], moved] = stored.values.numpy()
        else:
            found[rows] = stored.values.flatten(1, 2).numpy()
        worst = max(worst, np.abs(found - derivatives[centers]).max())
        largest = max(largest, np.abs(derivatives[centers]).max())
    assert largest > 0.0
    assert worst <= TOLERANCE * largest


def test_lambda_zero_has_the_norm_of_the_power_spectrum() -> None:
    frame = structures.ethanol()
    hypers = {"cutoff": CUTOFF, "density": DENSITY, "basis": basis()}
    power = SoapPowerSpectrum.from_featomic(**hypers).compute(frame)
    scalars = LambdaSoap.from_featomic(**hypers).compute(frame)
    norms = torch.zeros(2, len(frame), dtype=torch.float64)
    for block in power.blocks():
        atoms = block.samples.column("atom").long()
        norms[0].index_add_(0, atoms, block.values.square().sum(-1))
    for key, block in scalars.items():
        if int(key["o3_lambda"]) == 0:
            # both orders of every pair of channels are stored, so no factor 2 is missing
            atoms = block.samples.column("atom").long()
            norms[1].index_add_(0, atoms, block.values.square().sum((-2, -1)))
    torch.testing.assert_close(norms[1], norms[0], rtol=1e-12, atol=0)
