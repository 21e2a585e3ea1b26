"""
NICE on methane, beside what the original code took: ``make bench-nice``.

The carbons of 1,000 random methanes, ν up to 4, the light preset of the original tutorial
(l_max 5, 5 radial functions, 6.3 Å; 150 pairs to 50 covariants, 300 pairs to 200 invariants),
float64, one thread. Times are those of ``fit`` and ``compute`` less that of the spherical expansion
alone, which the original code takes from elsewhere. Its own seconds, measured on a core of known
matrix product rate, are scaled by the rate of this core, measured in the same run.

A table goes to the terminal, one line per case is added to ``results/benchmarks/nice.jsonl``. With
``RHOBAR_MIRROR`` set the methanes are the published ones; without, those of the embedded set.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Libraries take their number of threads from the environment when they are loaded."""
    for pool in ("OMP", "MKL", "OPENBLAS", "RAYON", "NUMBA"):
        os.environ[f"{pool}_NUM_THREADS"] = "1"
    from nice_report import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
