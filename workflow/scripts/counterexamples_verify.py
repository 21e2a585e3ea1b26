"""What the pairs of the catalogue state, checked one by one; a false statement is an error."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

import rhobar
from job import begin
from rhobar.analysis import PairCheck, verify_pair
from rhobar.counterexamples import CataloguePair, read_catalogue
from rhobar.data import written_beside


def main(catalogue: Path, verification: Path) -> None:
    """
    Write for each entry of ``catalogue`` what was compared, and how far off the worst pair was.

    :raises RuntimeError: naming the statements that are false, after which nothing is written
    """
    pairs = read_catalogue(catalogue)
    checked = [(pair, verify_pair(pair.family)) for pair in pairs]
    false = [
        f"{pair.entry}: {check.name} differs by {check.value:.3g}, "
        f"{'at most' if check.equal else 'at least'} {check.bound:.3g} is stated, for {pair.family}"
        for pair, checks in checked
        for check in checks
        if not check.passed
    ]
    if false:
        raise RuntimeError(f"{len(false)} false statements of the catalogue. " + "; ".join(false))
    report = {
        "versions": {
            "rhobar": rhobar.__version__,
            "numpy": np.__version__,
            "torch": torch.__version__,
        },
        "n_pairs": len(pairs),
        "n_checks": sum(len(checks) for _, checks in checked),
        "entries": _entries(checked),
    }
    with written_beside(verification) as temporary:
        temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")


def _entries(checked: Sequence[tuple[CataloguePair, list[PairCheck]]]) -> list[dict[str, Any]]:
    """By entry: the number of pairs, and the worst of each check."""
    found: dict[str, dict[str, Any]] = {}
    for pair, checks in checked:
        entry = found.setdefault(
            pair.entry,
            {
                "entry": pair.entry,
                "family": pair.family.name,
                "equal_for": pair.family.equal_for,
                "n_pairs": 0,
                "checks": {},
            },
        )
        entry["n_pairs"] += 1
        for check in checks:
            worst = entry["checks"].setdefault(
                check.name,
                {"equal": check.equal, "bound": check.bound, "worst": check.value, "n": 0},
            )
            worst["n"] += 1
            worst["worst"] = (max if check.equal else min)(worst["worst"], check.value)
    return list(found.values())


if __name__ == "__main__":
    job = begin(snakemake)  # noqa: F821 - the workflow sets this name
    main(Path(job.input.catalogue), Path(job.output.verification))
