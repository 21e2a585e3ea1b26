"""What is said of computations that take long, and that nothing is done for short ones."""

from __future__ import annotations

import io
import logging
import sys
from pathlib import Path

import pytest
import torch

from rhobar.kernels import KernelStore, WignerKernel, long_run, wigner_pairs
from rhobar.kernels.pair_sums import PairSums
from rhobar.kernels.wigner_pairs import center_pairs
from tests.kernels.stored_frames import DENSITY, frames

KERNEL = WignerKernel(DENSITY, nu_max=3)
SUMS = PairSums(KERNEL.pair_kernel())


class Terminal(io.StringIO):
    """What is written to a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Terminal:
    """A terminal, a log, and a minute that is short."""
    caplog.set_level(logging.INFO, logger="rhobar.kernels.long_run")
    monkeypatch.setattr(long_run, "LONG", 1e-9)
    monkeypatch.setattr(PairSums, "few", 0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setattr(sys, "__stderr__", Terminal())
    return sys.__stderr__


def n_pairs(left: slice, right: slice) -> int:
    """Pairs of centers of one type."""
    return sum(
        int((a.numbers[:, None] == b.numbers).sum())
        for a in frames()[left]
        for b in frames()[right]
    )


def announcements(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log has, each of which the terminal has too."""
    said = [record.getMessage() for record in caplog.records if record.name.endswith("long_run")]
    shown = terminal.getvalue()
    assert all(line in shown for line in said)
    assert "100/100" in shown
    return said


def test_matrices(terminal: Terminal, caplog: pytest.LogCaptureFixture) -> None:
    KERNEL.matrices(frames(), frames()[:3])
    KERNEL.mixed_matrix([1.0, 1.0, 1.0, 1.0], frames())
    KERNEL.function_matrix(torch.exp, frames()[:3], degree=4)
    KERNEL.matrices(frames(), per_atom=True)
    whole = slice(None)
    expected = [
        (n_pairs(whole, slice(3)), 11 * 3 * 4),
        (n_pairs(whole, whole) / 2, 11 * 11),
        (n_pairs(slice(3), slice(3)) / 2, 3 * 3 * 2),
        (n_pairs(whole, whole), sum(map(len, frames())) * 11 * 4),
    ]
    said = announcements(terminal, caplog)
    assert len(said) == 4
    for line, (pairs, numbers) in zip(said, expected, strict=True):
        assert line.startswith(f"Wigner kernels: {pairs:.3g} pairs of centers, about ")
        assert f"; {8e-9 * numbers:.3g} GB of results, 0.25 GB of memory beside them" in line


def test_stores(terminal: Terminal, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """One announcement and one bar for all chunks that are missing; one for one chunk."""
    store = KernelStore.of(tmp_path, KERNEL, frames(), chunk=4)
    store.compute(0, 1)
    store.compute_missing()
    one, rest = announcements(terminal, caplog)
    first = n_pairs(slice(4), slice(4, 8))
    assert one.startswith(f"Wigner kernels: {first:.3g} pairs of centers, about ")
    pairs = (n_pairs(slice(None), slice(None)) - 2 * first) / 2
    assert rest.startswith(f"5 chunks of {tmp_path}: {pairs:.3g} pairs of centers, about ")
    numbers = sum(len(store.part(i)) * len(store.part(j)) for i, j in store.chunks()) - 16
    assert f"; {8e-9 * 4 * numbers:.3g} GB of results" in rest
    caplog.clear()
    store.compute_missing()
    assert announcements(terminal, caplog) == []


def test_numbers_are_the_same(terminal: Terminal) -> None:
    long = KERNEL.matrices(frames())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(long_run, "LONG", 60.0)
        assert torch.equal(KERNEL.matrices(frames()), long)


def test_no_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it all the same."""
    monkeypatch.setattr(sys, "__stderr__", io.StringIO())
    KERNEL.matrices(frames()[:2])
    assert sys.__stderr__.getvalue() == ""
    assert "Wigner kernels" in caplog.text


def test_nothing_is_measured_where_there_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = center_pairs(DENSITY, frames(), None, None, None)
    monkeypatch.setattr(PairSums, "of", None)
    assert pairs.expected_seconds(SUMS, 999_999) == 0.0


def test_the_sample_is_small_and_its_time_grows_with_the_pairs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A microsecond each, of which at most one in 500 is spent before; the first does not count."""
    pairs = center_pairs(DENSITY, frames(), None, None, None)
    clock, sampled = [0.0], []

    def summed(self, left, rows, right, columns, shape, *, symmetric):
        clock[0] += 1e-6 * len(left) * len(right) + (0.0 if sampled else 300.0)
        sampled.append(len(left) * len(right))

    monkeypatch.setattr(PairSums, "of", summed)
    monkeypatch.setattr(wigner_pairs.time, "perf_counter", lambda: clock[0])
    assert pairs.expected_seconds(SUMS, 5e6) == pytest.approx(5.0)
    assert 0 < sum(sampled) <= 5e6 / 500
    sampled.clear()
    function = PairSums(None)  # no compiled form: fewer of them may take long
    assert pairs.expected_seconds(function, 8_000) == pytest.approx(8e-3)
    assert 0 < sum(sampled) <= 8_000 / 500


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(75.0, "75 s"), (130.0, "2.2 min"), (7_000.0, "1.2e+02 min"), (8_000.0, "2.2 h")],
)
def test_durations(seconds: float, said: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        long_run.LongRun("a", 10, seconds, result=1e9, beside=2e9)
    assert f"about {said}; 1 GB of results, 2 GB of memory beside" in caplog.text
