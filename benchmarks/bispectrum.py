"""
Bispectrum of rhobar beside dense sums of the same products: ``make bench-bispectrum``.

Both start from the same density coefficients: 8 radial functions × l up to 6 within 5 Å, all
neighbor types in one channel, float64. The dense sums couple all pairs of functions of sorted
orders by ``torch.einsum`` with full tables of Clebsch-Gordan coefficients, 64 centers at a time,
and keep every (n_1, n_2, n_3); rhobar makes each set of three once. One thread, cases in turn,
medians; the case with two threads by wall time. Numbers are compared in the same run.

A table goes to the terminal, one line per case is added to ``results/benchmarks/bispectrum.jsonl``.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Libraries take their number of threads from the environment when they are loaded."""
    for pool in ("OMP", "MKL", "OPENBLAS", "RAYON", "NUMBA"):
        os.environ[f"{pool}_NUM_THREADS"] = "1"
    from bispectrum_report import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
