"""NICE: how it turns, what a fit depends on, derivatives and state."""

from __future__ import annotations

import io
import logging

import numpy as np
import pytest
import torch
from metatensor.torch import Labels, TensorMap

from rhobar.descriptors import (
    Nice,
    jacobian,
)
from rhobar.descriptors.nice import fitting
from rhobar.descriptors.nice.sequence import NiceSequence
from rhobar.math import wigner_d
from rhobar.systems import from_ase, neighbors_added
from tests.descriptors.nice_on_methane import (
    CARBON,
    EVERYTHING,
    FRAMES,
    HYPERS,
    LAST,
    SOME,
    columns,
    order,
    small,
)


@pytest.mark.parametrize("improper", [False, True], ids=["rotation", "inversion"])
def test_equivariants_turn(fitted: Nice, improper: bool) -> None:
    matrix = np.linalg.qr(np.random.default_rng(3).standard_normal((3, 3)))[0]
    matrix *= np.sign(np.linalg.det(matrix)) * (-1 if improper else 1)
    turned = [frame.copy() for frame in FRAMES[:20]]
    for frame in turned:
        frame.positions = frame.positions @ matrix.T
    before, after = (
        fitted.equivariants(frames, selected_samples=CARBON) for frames in (FRAMES[:20], turned)
    )
    seen = set()
    for key, block in before.items():
        nu, o3_lambda, o3_sigma, _ = key.values.tolist()
        d = wigner_d(o3_lambda, torch.from_numpy(matrix)) * (o3_sigma if improper else 1)
        expected = torch.einsum("mn,inq->imq", d, block.values)
        scale = before.block({"nu": nu, "o3_lambda": o3_lambda, "o3_sigma": o3_sigma}).values
        error = (after.block(key).values - expected).abs().max()
        assert error <= 1e-12 * max(1.0, scale.abs().max().item())
        seen.add((nu, o3_lambda, o3_sigma))
    assert seen >= {(2, 1, 1), (2, 1, -1), (2, 2, 1), (2, 2, -1), (3, 0, 1), (3, 1, 1), (3, 2, 1)}


def test_order_of_neighbors_does_not_matter(fitted: Nice) -> None:
    frames = FRAMES[:10]
    swapped = [frame[[0, 3, 1, 4, 2]] for frame in frames]
    one, other = (columns(fitted.compute(f, selected_samples=CARBON)) for f in (frames, swapped))
    np.testing.assert_allclose(other, one, rtol=0, atol=1e-13 * np.abs(one).max())


def chunked(monkeypatch: pytest.MonkeyPatch, count: int) -> list[int]:
    """Work on ``count`` centers at a time from now on; the sizes that occur go to the list."""
    seen: list[int] = []

    def chunks(self: NiceSequence, dense: torch.Tensor) -> list[torch.Tensor]:
        parts = dense.split(count)
        seen.extend(len(part) for part in parts)
        return parts

    monkeypatch.setattr(NiceSequence, "chunks", chunks)
    return seen


def test_chunks_of_fit_and_transform_give_the_same(
    monkeypatch: pytest.MonkeyPatch, fitted: Nice
) -> None:
    expected = columns(fitted.compute(FRAMES, selected_samples=CARBON))
    for count in (7, 10**6):
        chunked(monkeypatch, count)
        found = columns(small().compute(FRAMES, selected_samples=CARBON))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 * np.abs(expected).max())


def test_pseudoscalars_first_appear_with_three_neighbors() -> None:
    """They follow from a last covariant branch, and change sign under inversion (see above)."""
    nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, SOME]).fit(
        FRAMES, selected_samples=CARBON
    )
    found = {key[1:] for key in nice.variances()}
    assert (2, 0, -1) not in found
    assert (3, 0, -1) in found
    mirrored = [frame.copy() for frame in FRAMES[:5]]
    for frame in mirrored:
        frame.positions *= -1
    key = {"nu": 3, "o3_lambda": 0, "o3_sigma": -1}
    before, after = (
        nice.equivariants(frames, selected_samples=CARBON).block(key).values
        for frames in (FRAMES[:5], mirrored)
    )
    torch.testing.assert_close(after, -before, rtol=0, atol=1e-12)
    assert before.abs().max() > 1e-3


def test_memory_of_the_fit_is_that_of_chunks_and_gram_matrices(
    monkeypatch: pytest.MonkeyPatch, fitted: Nice
) -> None:
    """Features take 64 MiB at a time, and Gram matrices are announced before they are made."""
    sequence = fitted.sequences[0]
    orders = sequence.orders(torch.ones(1, 9, 2, 2).double(), compiled=False)
    n_numbers = sum(values.numel() for order in orders for values in order)
    (first, *_) = sequence.chunks(torch.zeros(10**6, 1))
    assert (len(first) - 1) * n_numbers * 8 <= 2**26 < (len(first) + 1) * n_numbers * 8
    announced = []
    refuse = fitting.refuse_what_cannot_fit

    def spy(count: int, *others) -> None:
        announced.append(count)
        refuse(count, *others)

    monkeypatch.setattr(fitting, "refuse_what_cannot_fit", spy)
    step = small().sequences[0].iterations[0].invariant
    n_products, n_lower = int(step.couplings[:, 6].sum()), int(step.lower_features.sum())
    assert announced[1] == (n_products + n_lower + 1) ** 2
    monkeypatch.setattr(jacobian, "available_memory", lambda: 1_000)
    with pytest.raises(MemoryError, match=r"Nice.fit, nu=2: Gram matrices take"):
        small()


def test_the_fit_is_deterministic(fitted: Nice) -> None:
    again = small().state_dict()
    state = fitted.state_dict()
    assert list(again) == list(state)
    for name, value in state.items():
        assert torch.equal(again[name], value), name


def test_signs_are_fixed(fitted: Nice) -> None:
    _, second, third = fitted.sequences[0].iterations
    for step in (second.covariant, second.invariant, third.invariant):
        for matrix in step.matrices():
            largest = matrix.gather(0, matrix.abs().argmax(dim=0, keepdim=True))
            assert (largest > 0).all()


def test_ranks_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="rhobar"):
        Nice(**HYPERS, l_max=1, nu_max=2, blocks=[EVERYTHING]).fit(FRAMES, selected_samples=CARBON)
    assert "nu=2, o3_lambda=0, o3_sigma=1: " in caplog.text
    assert "components, the rank" in caplog.text


def test_types_of_centers_have_models_of_their_own_or_share_one() -> None:
    frames = FRAMES[:40]
    features = {}
    for shared in (False, True):
        nice = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST], shared=shared).fit(frames)
        assert len(nice.sequences) == (1 if shared else 2)
        features[shared] = nice.compute(frames)
        assert features[shared].keys.values.tolist() == [
            [nu, center_type] for nu in (1, 2, 3) for center_type in (1, 6)
        ]
    lone = Nice(**HYPERS, l_max=2, nu_max=3, blocks=[SOME, LAST])
    lone.fit(frames, selected_samples=CARBON)
    expected = order(lone.compute(frames), 3)
    torch.testing.assert_close(order(features[False], 3), expected)
    assert order(features[True], 3).shape != expected.shape or not torch.allclose(
        order(features[True], 3), expected
    )


def test_scripted_sequence_equals_eager(fitted: Nice) -> None:
    generator = torch.Generator().manual_seed(5)
    dense = torch.randn(30, 9, 2, 2, generator=generator, dtype=torch.float64)
    sequence = fitted.sequences[0]
    scripted = torch.jit.script(sequence)
    values = [scripted(dense, True), sequence(dense, False), sequence(dense, True)]
    for found, expected, compiled in zip(*values, strict=True):
        scale = expected.abs().max()
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-14 * scale)
        torch.testing.assert_close(compiled, expected, rtol=0, atol=1e-12 * scale)


def test_forces_equal_differences_of_features(fitted: Nice) -> None:
    frame, step = FRAMES[3], 1e-5
    (system,) = neighbors_added([from_ase(frame, requires_grad=True)], 3.5)
    generator = torch.Generator().manual_seed(4)
    weights = [
        torch.randn(block.values.shape[1], generator=generator, dtype=torch.float64)
        for block in fitted([system]).blocks()
    ]

    def energy(features: TensorMap) -> torch.Tensor:
        return sum((b.values @ w).sum() for b, w in zip(features.blocks(), weights, strict=True))

    (found,) = torch.autograd.grad(energy(fitted([system])), system.positions)
    expected = torch.zeros_like(found)
    for atom, axis in np.ndindex(5, 3):
        ends = []
        for sign in (1, -1):
            moved = frame.copy()
            moved.positions[atom, axis] += sign * step
            ends.append(energy(fitted.compute(moved)))
        expected[atom, axis] = (ends[0] - ends[1]) / (2 * step)
    assert (found - expected).abs().max() < 1e-7 * expected.abs().max()


def test_a_state_fits_a_descriptor_that_was_never_fitted(fitted: Nice) -> None:
    stored = io.BytesIO()
    torch.save(fitted.state_dict(), stored)
    stored.seek(0)
    again = Nice(**fitted.hypers())
    again.load_state_dict(torch.load(stored, weights_only=True))
    expected = columns(fitted.compute(FRAMES, selected_samples=CARBON))
    np.testing.assert_array_equal(columns(again.compute(FRAMES, selected_samples=CARBON)), expected)


def test_selected_keys(fitted: Nice) -> None:
    keys = Labels(["nu", "center_type"], torch.tensor([[3, 6], [1, 6]]))
    found = fitted.compute(FRAMES[:5], selected_keys=keys)
    assert found.keys == keys
    expected = fitted.compute(FRAMES[:5])
    torch.testing.assert_close(order(found, 3), order(expected, 3))
    with pytest.raises(ValueError, match="no block"):
        fitted.compute(
            FRAMES[:5], selected_keys=Labels(["nu", "center_type"], torch.tensor([[2, 1]]))
        )
