"""What a suite needs to know about a descriptor, and how the suites run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import ase
import pytest
import torch

from rhobar.systems import from_ase, neighbors_added
from tests.laws.rows import Rows, rows

# device, dtype, largest relative difference
DOUBLE = [("cpu", torch.float64, 1e-10)]
RUNS = [*DOUBLE, ("cpu", torch.float32, 1e-4)]
if torch.cuda.is_available():
    RUNS += [("cuda", dtype, tolerance) for _, dtype, tolerance in RUNS]


def _name(run: tuple[str, torch.dtype, float]) -> str:
    return f"{run[0]}-{str(run[1]).removeprefix('torch.')}"


in_double = pytest.mark.parametrize("run", DOUBLE, indirect=True, ids=_name)


@dataclass(frozen=True)
class Case:
    """The smallest descriptor that still takes every branch, and what it promises."""

    build: Callable[..., torch.nn.Module]
    keys: list[str]
    properties: list[str]
    components: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=lambda: ["system", "atom"])


class Laws:
    """The fixture of all suites: ``self.model`` on each device and in each dtype."""

    case: Case
    model: torch.nn.Module
    tolerance: float

    @pytest.fixture(params=RUNS, ids=_name)
    def run(self, request: pytest.FixtureRequest) -> None:
        self.prepare(*request.param)

    def prepare(self, device: str, dtype: torch.dtype, tolerance: float) -> None:
        """Build the model of the case for one run."""
        self.device, self.dtype, self.tolerance = device, dtype, tolerance
        self.model = self.case.build().to(device=device, dtype=dtype)

    def declare(self, frames: Iterable[ase.Atoms]) -> None:
        """Build the model anew, for the types in ``frames``: blocks then depend on no frame."""
        types = sorted({int(number) for frame in frames for number in frame.numbers})
        self.model = self.case.build(atomic_types=types).to(device=self.device, dtype=self.dtype)

    @property
    def cutoff(self) -> float:
        """The radius of the model, Å."""
        (options,) = self.model.requested_neighbor_lists()
        return options.cutoff

    def systems(self, frames: Iterable[ase.Atoms]) -> list:
        """Systems with the neighbors that the model asks for, as the run has them."""
        made = [from_ase(frame, dtype=self.dtype, device=self.device) for frame in frames]
        return neighbors_added(made, self.cutoff)

    def features(self, *frames: ase.Atoms):
        """The TensorMap that the module gives for ``frames``."""
        return self.model(self.systems(frames))

    def rows(self, *frames: ase.Atoms) -> Rows:
        """The rows of :meth:`features`."""
        return rows(self.features(*frames))
