"""Small jobs for the tests of chunks; a module of their own, so that processes can import it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RandomChunks:
    """Chunk k: three numbers and their forces from seed and k; one try in four is dropped."""

    seed: int = 0
    pause: float = 0.0  # s
    n_chunks: int | None = None

    @property
    def settings(self) -> dict[str, Any]:
        return {"set": "random", "seed": self.seed, "tries": 4}

    @property
    def description(self) -> dict[str, Any]:
        return {"content": "random numbers", "packages": ["ase"]}

    def __call__(self, chunk: int) -> dict[str, NDArray[Any]]:
        time.sleep(self.pause)
        rng = np.random.default_rng((self.seed, chunk))
        return {
            "energy": rng.normal(size=3),
            "forces": np.round(rng.normal(size=(3, 2, 3)), 6),
            "dropped/unlucky": np.array(1),
        }
