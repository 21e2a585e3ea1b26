"""Tables of the report: numbers, reference values, data, versions, times."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

EV_PER_KCAL_MOL = 0.0433641153
DEBYE = 0.2081943  # e·Å
PACKAGES = (
    "rhobar",
    "ase",
    "chemiscope",
    "matplotlib",
    "metatensor-core",
    "metatensor-torch",
    "metatomic-torch",
    "numba",
    "numpy",
    "pandas",
    "scipy",
    "skmatter",
    "snakemake",
    "sphericart-torch",
    "torch",
    "vesin",
)


@dataclass(frozen=True)
class Column:
    """Heading of a column and how it is set: ``text``, ``number`` or ``code``."""

    name: str
    kind: str = "text"


@dataclass(frozen=True)
class Table:
    """Title, a sentence on what it shows, headings and rows of finished text."""

    title: str
    note: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def learning_curve_table(errors: pd.DataFrame) -> Table:
    """Mean ± standard deviation over seeds, one row per data set, model and training size."""
    rows = []
    for (dataset, model, n_train), group in errors.groupby(
        ["dataset", "model", "n_train"], sort=False
    ):
        cells = [f"{n_train}", f"{len(group)}"]
        for measure in ("mae", "rmse"):
            cells += [
                _with_spread(1e3 * group[measure]),
                _with_spread(group[measure] / EV_PER_KCAL_MOL),
            ]
        cells.append(_with_spread(group["rmse"] / group["deviation"]))
        rows.append([str(dataset), str(model), *cells])
    names = [
        "n",
        "splits",
        "MAE (meV)",
        "MAE (kcal/mol)",
        "RMSE (meV)",
        "RMSE (kcal/mol)",
        "RMSE/σ",
    ]
    return Table(
        "Test errors of total energies",
        "Per structure, mean ± standard deviation over the splits; σ is the standard deviation of "
        "the test energies from what the composition explains.",
        [Column("curve"), Column("model"), *(Column(name, "number") for name in names)],
        rows,
    )


def body_order_table(errors: pd.DataFrame) -> Table:
    """Relative errors, one row per model and basis size, one column per target."""
    wide = errors.pivot_table(index=["model", "size"], columns="target", values="relative_rmse")
    rows = [
        [str(model), f"{size}", *(f"{value:.2e}" for value in values)]
        for (model, size), values in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    targets = [Column(f"{target}-body", "number") for target in wide.columns]
    return Table(
        "Linear models on exact many-body targets",
        "Test RMSE divided by the standard deviation of the target; nu1 has the radial spectrum, "
        "nu2 the power spectrum beside it, nu3 the bispectrum as well; size is n_radial = l_max.",
        [Column("model"), Column("size", "number"), *targets],
        rows,
    )


def wigner_curve_table(errors: pd.DataFrame) -> Table:
    """Mean ± standard deviation over seeds, one row per data set, target, kernel, order and n."""
    rows = []
    names = ["dataset", "target", "kernel", "nu_max", "n_train"]
    for (dataset, target, kernel, nu_max, n_train), group in errors.groupby(names, sort=False):
        unit, scale = ("D", DEBYE) if target == "dipole" else ("kcal/mol", EV_PER_KCAL_MOL)
        measure = str(group["measure"].iloc[0])
        cells = [
            _with_spread(group[column] / scale) + f" {unit}"
            for column in ("cv_error", measure, "rmse")
        ]
        cells.append(_with_spread(group["rmse"] / group["deviation"]))
        hypers = [f"{group[name].mean():.2f}" for name in ("log_c", "alpha")]
        what = [str(dataset), str(target), str(kernel), f"{nu_max}", f"{n_train}", measure]
        rows.append([*what, f"{len(group)}", *cells, *hypers])
    columns = (
        ["nu_max", "n"],
        ["splits", "cross-validation", "test", "RMSE", "RMSE/σ", "log10 C", "α"],
    )
    numbers = [[Column(name, "number") for name in part] for part in columns]
    return Table(
        "Test errors with Wigner kernels",
        "Mean ± standard deviation over the splits, by the measure that cross-validation minimised "
        "(norm: mean absolute errors of lengths of vectors). σ is the standard deviation of the "
        "test targets from what the composition explains. Weights of the orders: C α^ν / ν!.",
        [
            *(Column(name) for name in ("data set", "target", "kernel")),
            *numbers[0],
            Column("measure"),
            *numbers[1],
        ],
        rows,
    )


def pair_error_table(errors: pd.DataFrame) -> Table:
    """Errors of means and differences of pairs, one row per model."""
    rows = []
    for model in dict.fromkeys(errors["model"]):
        parts = errors[errors["model"] == model].set_index("part")
        cells = [
            " / ".join(_three_digits(parts.loc[part, column]) for part in ("train", "test"))
            for column in ("mean_relative", "mean", "delta_relative", "delta")
        ]
        rows.append([str(model), *cells])
    names = ["mean, relative", "mean (eV)", "difference, relative", "difference (eV)"]
    return Table(
        "Models of pairs of B8 clusters",
        "Root mean square errors, training / test, of the mean of the two members of a pair and of "
        "their difference; relative to the standard deviation of all targets and to the root mean "
        "square of the differences, so that 1 is a model that cannot tell the members apart. A: "
        "energies from encoded triplets; A^rho: correlations of up to 7 neighbors from them; B: "
        "energies from triplets; C and D: from correlations of up to 7 and 3 neighbors. L is a "
        "linear encoder or network, NL a nonlinear one; B_NL_delta gives differences a weight of "
        "their own in the loss. The epoch was chosen on validation pairs.",
        [Column("model"), *(Column(name, "number") for name in names)],
        rows,
    )


def verification_table(entries: Sequence[dict[str, Any]]) -> Table:
    """What the pairs of each entry of the catalogue are equal and different in, a row each."""
    rows = []
    for entry in entries:
        checks = entry["checks"]
        equal = [
            f"{name} ({check['worst']:.1g})" if check["worst"] else name
            for name, check in checks.items()
            if check["equal"]
        ]
        different = [
            name if check["bound"] == 1.0 else f"{name} ({check['worst']:.1g})"
            for name, check in checks.items()
            if not check["equal"]
        ]
        rows.append(
            [
                entry["entry"],
                entry["equal_for"],
                f"{entry['n_pairs']}",
                ", ".join(equal) or "-",
                ", ".join(different) or "-",
            ]
        )
    return Table(
        "What was verified of the catalogue",
        "Everything below waits for these checks. In parentheses the largest difference of what is "
        "equal and the smallest of what differs, over all pairs: of features relative to their "
        "length, of distances in Å. “distances” are messages along them, by one-dimensional "
        "refinement, with all periodic images.",
        [
            Column("entry"),
            Column("equal for"),
            Column("pairs", "number"),
            Column("equal"),
            Column("different"),
        ],
        rows,
    )


def data_table(files: Iterable[Path]) -> Table:
    """Size and checksum of every file of data."""
    rows = [
        [str(path), f"{path.stat().st_size / 1e6:.2f}", _sha256(path)] for path in sorted({*files})
    ]
    return Table(
        "Data",
        "Sources as they came (workflow/resources/ holds what this project made itself, with its "
        "provenance), and the form in which the rules read them.",
        [Column("file"), Column("size (MB)", "number"), Column("sha256", "code")],
        rows,
    )


def version_table(commit: str) -> Table:
    """Versions of what calculated the numbers."""
    rows = [["commit", commit], ["Python", platform.python_version()]]
    rows += [[name, metadata.version(name)] for name in PACKAGES]
    rows.append(["machine", f"{platform.system()} {platform.release()}, {platform.machine()}"])
    return Table(
        "Versions", "Read when this page was made.", [Column("package"), Column("version")], rows
    )


def time_table(benchmarks: Path) -> Table:
    """Wall time, processor time and memory per rule, summed over its jobs."""
    rows = []
    total = 0.0
    for rule, paths in sorted(_files_per_rule(benchmarks).items()):
        jobs = pd.concat([pd.read_csv(path, sep="\t", na_values="-") for path in paths])
        seconds, memory = float(jobs["s"].sum()), float(jobs["max_rss"].max())
        total += seconds
        processor = float(jobs["cpu_time"].sum())
        rows.append([rule, f"{len(jobs)}", f"{seconds:.1f}", f"{processor:.1f}", f"{memory:.0f}"])
    rows.append(["all", "", f"{total:.1f}", "", ""])
    names = ["jobs", "wall time (s)", "processor time (s)", "largest memory (MB)"]
    return Table(
        "Times",
        "Of the jobs that made the present results, whenever they ran; short jobs end before their "
        "memory is measured.",
        [Column("rule"), *(Column(name, "number") for name in names)],
        rows,
    )


def _three_digits(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3g}"


def _with_spread(values: pd.Series) -> str:
    """Mean, and the standard deviation with two digits where there is more than one value."""
    mean, spread = float(values.mean()), float(values.std())
    if len(values) == 1 or spread == 0.0:
        return f"{mean:.4g}"
    decimals = 1 - math.floor(math.log10(spread))
    shown = max(decimals, 0)
    return f"{round(mean, decimals):.{shown}f} ± {round(spread, decimals):.{shown}f}"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files_per_rule(benchmarks: Path) -> dict[str, list[Path]]:
    """benchmarks/RULE.tsv and benchmarks/RULE/JOB.tsv by rule."""
    found: dict[str, list[Path]] = {}
    for path in sorted(benchmarks.rglob("*.tsv")):
        rule = path.relative_to(benchmarks).parts[0].removesuffix(".tsv")
        found.setdefault(rule, []).append(path)
    return found
