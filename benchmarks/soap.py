"""
SOAP power spectra of rhobar beside those of featomic and dscribe: ``make bench-soap``.

One thread everywhere unless a case says otherwise; one process; cases in turn, several rounds,
medians; neighbor search included, reading files not. 8 radial functions × l up to 6 within 5 Å,
float64, splines of each library's default accuracy. Numbers are compared in the same run.

A table goes to the terminal, one line per case is added to ``results/benchmarks/soap.jsonl``.
With ``RHOBAR_MIRROR`` set the molecules are those of QM9 and the water is from its first-principles
set; without, molecules of the embedded set and a generated box.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Libraries take their number of threads from the environment when they are loaded."""
    for pool in ("OMP", "MKL", "OPENBLAS", "RAYON", "NUMBA"):
        os.environ[f"{pool}_NUM_THREADS"] = "1"
    from soap_report import run

    return run()


if __name__ == "__main__":
    sys.exit(main())
