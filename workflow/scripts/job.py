"""What every script does before its work when Snakemake starts it."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any


def begin(job: Any) -> Any:
    """Send the library's log and any traceback to the rule's log file; gives ``job`` back."""
    log = Path(job.log[0]).open("w", buffering=1, encoding="utf-8")  # noqa: SIM115 - till the end
    sys.stderr = log
    logging.basicConfig(stream=log, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    return job
