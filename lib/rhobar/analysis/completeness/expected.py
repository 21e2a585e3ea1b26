"""Verdicts that are known beforehand, and where others were found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from .columns import COLUMNS
from .verdict import Verdict

_SHIPPED = Path(__file__).with_name("audit_expected.yaml")


def expected_table() -> dict[str, dict[str, Verdict]]:
    """
    Verdicts on each kind of model by its name, then by column.

    >>> str(expected_table()["distance-gnn"]["hexagon"])
    'blind'
    """
    rows = yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))
    return {name: _checked(row, f"{_SHIPPED.name}: {name}") for name, row in rows.items()}


def expected_verdicts(source: str | Path, *, others: Collection[str] = ()) -> dict[str, Verdict]:
    """
    Verdicts by column from a row of :func:`expected_table` or a file.

    :param source: name of a row, or a YAML or JSON file that maps columns (or ``wl1``, all that
        messages along distances confuse) to verdicts; ``audit.json`` of an earlier audit will do
    :param others: names of columns beside those of the families
    :raises ValueError: for what is neither, and for unknown columns or verdicts
    """
    shipped = expected_table()
    if str(source) in shipped:
        return shipped[str(source)]
    path = Path(source)
    if not path.is_file():
        raise ValueError(
            f"--expect {source}: no such file, and none of the known rows {', '.join(shipped)}."
        )
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is neither YAML nor JSON: {error}") from error
    if isinstance(values, dict) and isinstance(values.get("verdicts"), dict):
        values = values["verdicts"]
    return _checked(values, str(path), others)


def _checked(values: Any, where: str, others: Collection[str] = ()) -> dict[str, Verdict]:
    """One verdict for each column; groups of columns spelled out."""
    groups = {"wl1": [column.name for column in COLUMNS if column.group == "wl1"]}
    names = {name: [name] for name in (*others, *(column.name for column in COLUMNS))} | groups
    if not isinstance(values, dict) or not values:
        raise ValueError(f"{where}: give verdicts by column, such as `env3b: blind`.")
    found = {}
    for name, verdict in values.items():
        if name not in names or verdict not in list(Verdict):
            raise ValueError(
                f"{where}: {name}: {verdict}; columns are {', '.join(names)}, verdicts "
                f"{', '.join(Verdict)}."
            )
        found.update(dict.fromkeys(names[name], Verdict(verdict)))
    return found


def verdict_differences(
    found: Mapping[str, Verdict], expected: Mapping[str, Verdict]
) -> dict[str, tuple[Verdict, Verdict]]:
    """
    Expected and found verdict of each column where they differ, of the columns that were audited.

    Weak passes for resolved.
    """
    pairs = {name: (expected[name], found[name]) for name in found if name in expected}
    passes = {(Verdict.RESOLVED, Verdict.WEAK)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and pair not in passes}
