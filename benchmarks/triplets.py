"""
Triplets of rhobar beside torch sums of the same features: ``make bench-triplets``.

1,000 random B8 clusters, their first atom as center, 49 ordered pairs of neighbors each; cutoff
2 Å, 6 radial functions × l up to 3, contracted to 32 channels: 34 × 32 features of each triplet in
float64. All start from the same contracted factors. The sums in torch go path by path: by
``torch.einsum`` of both neighbors and then the density; with the density coupled first, as rhobar
does; and so for all clusters at once, which takes equal numbers of neighbors. One thread, cases in
turn, medians; the case with two threads by wall time. Numbers are compared in the same run. All
products without a contraction are made for 100 clusters.

A table goes to the terminal, one line per case is added to ``results/benchmarks/triplets.jsonl``.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Libraries take their number of threads from the environment when they are loaded."""
    for pool in ("OMP", "MKL", "OPENBLAS", "RAYON", "NUMBA"):
        os.environ[f"{pool}_NUM_THREADS"] = "1"
    from triplets_report import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
