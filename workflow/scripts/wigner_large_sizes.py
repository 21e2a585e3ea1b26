"""What the large regression on Wigner kernels takes: chunks, memory in MB, time in minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PAIRS = 130  # of atoms of one type in a pair of molecules of QM9
PAIRS_PER_SECOND = 1e6  # on a core, measured with all orders up to 4
DENSITY = 0.3  # MB for a molecule of QM9
READ = 5e8  # bytes of a file in a second
OPERATIONS = 2e10  # of linear algebra in a second, on a core
ITERATIONS = 200  # of conjugate gradients, where they are worth while
N_PIVOTS = 5000  # of StoredKernelRidge
SLACK = 2.0  # times asked for over times expected


@dataclass(frozen=True)
class LargeSizes:
    """
    Sizes of ``wigner.large`` of the configuration.

    :param large: the entry
    :param nu_max: of its kernel
    """

    large: Mapping[str, Any]
    nu_max: int

    @property
    def chunks(self) -> list[tuple[int, int]]:
        """(i, j), i ≤ j, of the chunks between training structures and all others."""
        n_fitted = self.large["n_train"]
        n_structures = n_fitted + self.large["n_validation"] + self.large["n_test"]
        fitted, every = (-(-n // self.large["chunk"]) for n in (n_fitted, n_structures))
        return [(i, j) for i in range(fitted) for j in range(i, every)]

    @property
    def n_points(self) -> int:
        """Choices of hyperparameters: that of the search, and the grid."""
        return 1 + len(self.large["log_c"]) * len(self.large["alpha"])

    @property
    def chunk_memory(self) -> int:
        """A chunk, the densities of both sides, all structures."""
        part = self.large["chunk"]
        return round(4000 + 8e-6 * part**2 * (self.nu_max + 1) + 2 * DENSITY * part)

    def chunk_minutes(self, threads: int) -> int:
        """Kernels of one chunk."""
        seconds = PAIRS * self.large["chunk"] ** 2 / (PAIRS_PER_SECOND * threads)
        return round(20 + SLACK * seconds / 60)

    @property
    def points_memory(self) -> int:
        """Kernels of all orders of a chunk three times, and their mixture twice."""
        return round(4000 + 8e-6 * self.large["chunk"] ** 2 * (3 * (self.nu_max + 1) + 2))

    @property
    def fit_memory(self) -> int:
        """The matrix, its tiles, or columns of the preconditioner and their products; a chunk."""
        n, part = self.large["n_train"], self.large["chunk"]
        numbers = {"cholesky": n**2, "tiles": 4 * part**2, "cg": N_PIVOTS * (n + 8 * N_PIVOTS)}
        return round(4000 + 8e-6 * (numbers[self.large["solver"]] + part**2 * (self.nu_max + 3)))

    def fit_minutes(self, threads: int) -> int:
        """Chunks that are read, in each pass the triangle of all orders, and n³/3 operations."""
        n, orders = self.large["n_train"], self.nu_max + 1
        tiles = 2 / 3 * n / self.large["chunk"] / orders
        passes = {"cholesky": 1, "tiles": 3 + tiles, "cg": ITERATIONS}[self.large["solver"]]
        seconds = passes * 4 * orders * n**2 / READ + n**3 / 3 / (OPERATIONS * threads)
        return round(30 + SLACK * seconds / 60)
