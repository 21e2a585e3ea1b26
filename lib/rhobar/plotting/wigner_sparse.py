"""Energies and forces of Wigner models with few representative environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, ScalarFormatter

from rhobar.data import KCAL_PER_MOL
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_QUANTITIES = {
    "energy_error": "RMSE of energies (kcal/mol)",
    "force_error": "RMSE of forces (kcal/mol/Å)",
}
_TRAINED = {  # with forces -> name, color, marker
    False: ("trained on energies", "#0072B2", "o"),
    True: ("on energies and forces", "#D55E00", "^"),
}
_SELECTIONS = {
    "cholesky": ("pivoted Cholesky", "#009E73", "s"),
    "fps": ("farthest points", "#CC79A7", "D"),
}


def wigner_sparse(errors: DataFrame) -> Figure:
    """
    Test errors of energies, above, and of forces, below, on double logarithmic axes.

    Left, against training structures: sparse models of energies, and of energies and forces. Right,
    of energies only, against the representatives of each type, chosen in two ways, with the error
    of the dense model of the same structures as a horizontal line. Points are means over the seeds,
    bars their standard deviation.

    :param errors: one row per model, columns ``varied`` (``n_train`` or ``n_sparse``), ``n_train``,
        ``n_sparse`` (0: dense), ``selection`` (``cholesky``, ``fps``), ``forces`` (trained on them
        too), ``seed``, ``energy_error`` in eV and ``force_error`` in eV/Å
    """
    dense, sparse = errors[errors["n_sparse"] == 0], errors[errors["n_sparse"] > 0]
    curves, sweep = (sparse[sparse["varied"] == name] for name in ("n_train", "n_sparse"))
    (n_train,), (n_sparse,) = set(sweep["n_train"]), set(curves["n_sparse"])
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 4.6)
        axes = figure.subplots(2, 2, sharex="col", sharey="row")
        for (left, right), (quantity, label) in zip(axes, _QUANTITIES.items(), strict=True):
            for forces, style in _TRAINED.items():
                _line(left, curves[curves["forces"] == forces], "n_train", quantity, style)
            for selection, style in _SELECTIONS.items():
                own = sweep[sweep["selection"] == selection]
                _line(right, own, "n_sparse", quantity, style)
            level = dense[quantity].mean() / KCAL_PER_MOL
            right.axhline(
                level, color="#777777", linestyle="--", linewidth=0.8, label="all environments"
            )
            left.set_ylabel(label)
        axes[1, 0].set_xlabel(f"training structures ({n_sparse} representatives per type)")
        axes[1, 1].set_xlabel(f"representatives per type ({n_train} training structures)")
        for axis in axes[0]:
            axis.legend()
        for axis, rows, varied in zip(
            axes[1], (curves, sweep), ("n_train", "n_sparse"), strict=True
        ):
            axis.set_xscale("log")
            sizes = sorted(set(rows[varied]))
            axis.set_xticks(sizes, [str(size) for size in sizes])
            axis.xaxis.set_minor_locator(NullLocator())
        for axis in axes[:, 0]:
            axis.set_yscale("log")
            axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
            formatter = ScalarFormatter()
            formatter.set_scientific(False)
            axis.yaxis.set_major_formatter(formatter)
            axis.yaxis.set_minor_formatter(NullFormatter())
    return figure


def _line(
    axis: Axes, rows: DataFrame, varied: str, quantity: str, style: tuple[str, str, str]
) -> None:
    """Means over seeds, with bars."""
    name, color, marker = style
    points = rows.groupby(varied)[quantity]
    axis.errorbar(
        points.mean().index,
        points.mean() / KCAL_PER_MOL,
        yerr=points.std().fillna(0.0) / KCAL_PER_MOL,
        label=name,
        color=color,
        marker=marker,
    )
