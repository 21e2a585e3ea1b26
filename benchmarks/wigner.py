"""
Wigner kernels of rhobar beside dense Clebsch-Gordan sums in torch: ``make bench-wigner``.

Random methanes with the settings of the paper, ν ≤ 4, all atoms as centers, float64, from
structures to the matrices: densities, overlaps, kernels, sums. The dense sums are the formula of
the engine "cg" as torch has it, from the same densities. One thread by its CPU time, two by wall
time, cases in turn, medians. Goals are for a core of 45 GFLOP/s and scale with that of the machine,
measured in the same run.

A table goes to the terminal, one line per case is added to ``results/benchmarks/wigner.jsonl``.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Libraries take their number of threads from the environment when they are loaded."""
    for pool in ("OMP", "MKL", "OPENBLAS", "RAYON", "NUMBA"):
        os.environ[f"{pool}_NUM_THREADS"] = "1"
    from wigner_report import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
