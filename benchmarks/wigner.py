"""
Wigner kernels of rhobar beside the same in torch: ``make bench-wigner``.

Random methanes with the settings of the paper, ν ≤ 4, all atoms as centers, float64, from
structures to the matrices: densities, overlaps, kernels, sums. Beside them the engine "cg" in
torch: with dense Clebsch-Gordan matrices, as the paper's code has it, and one index after the
other. One thread by its CPU time, two by wall time, cases in turn, medians. Goals are for a core
of 45 GFLOP/s and scale with that of the machine, measured in the same run.

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
