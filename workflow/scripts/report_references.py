"""Reference values beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from report_tables import DEBYE, EV_PER_KCAL_MOL, Column, Table

Entry = dict[str, Any]
Row = list[str]


def reference_table(references: dict[str, list[Entry]], numbers: dict[str, pd.DataFrame]) -> Table:
    """
    Reference values for which this scale has a number, with that number and the ratio.

    :param references: by kind, as in references.yaml
    :param numbers: the table that each kind of reference is looked up in
    """
    rows = [
        row
        for kind, found in _ROWS.items()
        for entry in references.get(kind, [])
        for row in found(entry, numbers[kind])
    ]
    return Table(
        "Reference values against ours",
        "“same” is the same data, split and recipe, to be reproduced; “similar” is another data "
        "set or other features, where the order of magnitude is to be compared. Only quantities "
        "that this scale calculates are listed.",
        [
            Column("quantity"),
            Column("reference", "number"),
            Column("ours", "number"),
            Column("ours / reference", "number"),
            Column("comparison"),
            Column("source of the reference"),
        ],
        rows,
    )


def _learning_curve(entry: Entry, errors: pd.DataFrame) -> Iterator[Row]:
    chosen = errors[
        (errors["dataset"] == entry["curve"])
        & (errors["model"] == entry["model"])
        & (errors["n_train"] == entry["n_train"])
        & (errors["seed"] == entry.get("seed", errors["seed"]))
    ]
    if len(chosen):
        what = f"{entry['curve']}, {entry['model']}, n = {entry['n_train']}, {entry['measure']}"
        yield _row(what, entry, _in_unit(chosen, entry["measure"], entry["unit"]))


def _body_order(entry: Entry, errors: pd.DataFrame) -> Iterator[Row]:
    chosen = errors[
        (errors["target"] == entry["target"])
        & (errors["model"] == entry["model"])
        & (errors["size"] == entry["size"])
    ]
    if len(chosen):
        what = f"{entry['target']}-body target, {entry['model']}, size {entry['size']}, RMSE/σ"
        yield _row(what, entry, float(chosen["relative_rmse"].mean()))


def _wigner_curve(entry: Entry, errors: pd.DataFrame) -> Iterator[Row]:
    chosen = errors[
        (errors["dataset"] == entry["dataset"])
        & (errors["target"] == entry.get("target", "energy"))
        & (errors["kernel"] == entry["kernel"])
        & (errors["nu_max"] == entry["nu_max"])
        & (errors["n_train"] == entry["n_train"])
        & (errors["seed"] == entry.get("seed", errors["seed"]))
    ]
    if len(chosen):
        what = f"{entry['dataset']}, {entry['kernel']}, ν ≤ {entry['nu_max']}, "
        what += f"n = {entry['n_train']}, {entry['measure']}"
        yield _row(what, entry, _in_unit(chosen, entry["measure"], entry["unit"]))


def _wigner_truncation(entry: Entry, errors: pd.DataFrame) -> Iterator[Row]:
    chosen = errors[
        (errors["dataset"] == entry["dataset"]) & (errors["lambda_max"] == entry["lambda_max"])
    ]
    if len(chosen):
        what = f"{entry['dataset']}, λ ≤ {entry['lambda_max']}, error of ν = 4 over its size"
        yield _row(what, entry, float(chosen["relative"].mean()))


def _b8_errors(entry: Entry, errors: pd.DataFrame) -> Iterator[Row]:
    chosen = errors[(errors["model"] == entry["model"]) & (errors["part"] == entry["part"])]
    for measure in ("mean_relative", "delta_relative"):
        what = f"B8 pairs, {entry['model']}, {entry['part']}, {measure}"
        yield _row(what, {**entry, "value": entry[measure]}, float(chosen[measure].item()))


def _sheets(entry: Entry, spectra: pd.DataFrame) -> Iterator[Row]:
    chosen = spectra[(spectra["model"] == entry["model"]) & (spectra["v"] == entry["v"])]
    what = f"methane sheets, {entry['model']}, v = {entry['v']} Å, smallest / largest"
    if len(chosen):
        yield _row(what, entry, float(chosen["ratio"].min()))


def _forces(entry: Entry, forces: pd.DataFrame) -> Iterator[Row]:
    chosen = forces[(forces["model"] == entry["model"]) & (forces["y"].abs() < 1e-9)]
    yield _row(f"force at the crossing, {entry['model']}", entry, float(chosen["force"].item()))


def _orbit(entry: Entry, points: pd.DataFrame) -> Iterator[Row]:
    names = {
        "change": ("largest change of ν = 2 features", points["change"].max()),
        "moved": ("largest change by random displacements", points["moved"].max()),
        "lowest": ("lowest target", points["target"].min()),
        "highest": ("highest target", points["target"].max()),
    }
    what, ours = names[entry["measure"]]
    yield _row(f"methane orbit, {what}", entry, float(ours))


def _labels(entry: Entry, training: pd.DataFrame) -> Iterator[Row]:
    chosen = training[training["model"] == entry["model"]].sort_values("epoch")
    what = f"labels of degenerate pairs, {entry['model']}, last mean squared error"
    yield _row(what, entry, float(chosen["rmse"].iloc[-1] ** 2))


def _differences(entry: Entry, differences: pd.DataFrame) -> Iterator[Row]:
    chosen = differences[differences["comparison"] == entry["comparison"]]
    what = f"energies of both members, networks of distances, {entry['comparison']}, worst"
    yield _row(what, entry, float(chosen["difference"].max()))


_ROWS = {
    "learning_curves": _learning_curve,
    "body_order": _body_order,
    "wigner_curves": _wigner_curve,
    "wigner_truncation": _wigner_truncation,
    "b8_errors": _b8_errors,
    "sheets": _sheets,
    "forces": _forces,
    "orbit": _orbit,
    "labels": _labels,
    "differences": _differences,
}


def _in_unit(rows: pd.DataFrame, measure: str, unit: str) -> float:
    """Mean over the seeds of a measure, in the unit of the reference."""
    if measure == "relative_rmse":
        return float((rows["rmse"] / rows["deviation"]).mean())
    factors = {"eV": 1.0, "meV": 1e3, "kcal/mol": 1.0 / EV_PER_KCAL_MOL, "D": 1.0 / DEBYE}
    scale = factors[unit]
    return scale * float(rows[measure].mean())


def _row(what: str, entry: Entry, ours: float) -> Row:
    unit = entry.get("unit", "1")
    suffix = "" if unit == "1" else f" {unit}"
    value = float(entry["value"])
    return [
        what,
        f"{value:.3g}{suffix}",
        f"{ours:.3g}{suffix}",
        f"{ours / value:.2f}" if value else "-",
        entry["kind"],
        entry["source"],
    ]
