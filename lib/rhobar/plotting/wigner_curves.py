"""Learning curves of Wigner kernels, order by order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator, ScalarFormatter

from rhobar.data import DEBYE, KCAL_PER_MOL
from rhobar.plotting._models import ModelStyle
from rhobar.plotting._orders import order_style
from rhobar.plotting.style import PAGE_WIDTH, figure_style, new_figure

if TYPE_CHECKING:
    from pandas import DataFrame

_KERNELS = {  # kernel -> line, what the legend adds to the order
    "cg": ("-", ""),
    "grid": ("--", ", exact"),
    "carbon": (":", ", carbon only"),
}
_UNITS = {"energy": ("kcal/mol", KCAL_PER_MOL), "dipole": ("Debye", DEBYE)}
_MEASURES = {"mae": "MAE", "rmse": "RMSE", "norm": "MAE of lengths"}


def wigner_curves(errors: DataFrame, published: DataFrame | None = None) -> Figure:
    """
    Test error against training structures on double logarithmic axes, a line per kernel and order.

    Left in the unit of the target, by the measure that the weights of the orders were chosen by;
    right, root mean square errors over the standard deviation σ of what the baseline leaves. A
    point is the mean over the seeds, its bar the standard deviation between them.

    :param errors: one row per fit to one data set, columns ``kernel``, ``nu_max``, ``seed``,
        ``n_train``, ``target`` (``energy``, eV, or ``dipole``, e·Å), ``measure`` (``mae``,
        ``rmse``, ``norm``) and the errors of these names, and ``deviation``
    :param published: errors by that measure that are shown beside, columns ``n_train`` and
        ``value`` in the unit of the target
    """
    ((target, measure),) = errors[["target", "measure"]].drop_duplicates().to_numpy()
    unit, factor = _UNITS[target]
    panels = {
        f"test {_MEASURES[measure]} ({unit})": errors[measure] / factor,
        "test RMSE / σ": errors["rmse"] / errors["deviation"],
    }
    with figure_style():
        figure = new_figure(PAGE_WIDTH, 3.2)
        axes = figure.subplots(1, 2)
        for axis, (label, values) in zip(axes, panels.items(), strict=True):
            _draw(axis, errors.assign(value=values))
            axis.set_xlabel("training structures")
            axis.set_ylabel(label)
        if published is not None and len(published):
            axes[0].errorbar(  # as all others, so that the legend has it last
                published["n_train"],
                published["value"] / factor,
                label="published",
                linestyle="none",
                marker="*",
                markersize=9,
                markerfacecolor="none",
                color="black",
            )
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(labels)))
    return figure


def _draw(axis: Axes, rows: DataFrame) -> None:
    """One line for each kernel and order."""
    for (kernel, nu_max), group in rows.groupby(["kernel", "nu_max"], sort=False):
        style = _style(str(kernel), int(nu_max))
        points = group.groupby("n_train")["value"]
        mean, spread = points.mean(), points.std().fillna(0.0)
        axis.errorbar(
            mean.index,
            mean,
            yerr=spread,
            label=style.label,
            color=style.color,
            marker=style.marker,
            linestyle=style.line,
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    sizes = sorted(set(rows["n_train"]))
    axis.set_xticks(sizes, [_short(size) for size in sizes])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 3.0, 5.0)))
    formatter = ScalarFormatter()
    formatter.set_scientific(False)
    axis.yaxis.set_major_formatter(formatter)
    axis.yaxis.set_minor_formatter(NullFormatter())


def _short(size: int) -> str:
    """A number of structures, thousands as k: neighbors on the axis must not touch."""
    return str(size) if size % 1000 else f"{size // 1000}k"


def _style(kernel: str, nu_max: int) -> ModelStyle:
    """
    Colour of the order, line of the kernel.

    :raises ValueError: for a kernel without a line
    """
    if kernel not in _KERNELS:
        raise ValueError(
            f"Kernel {kernel!r} has no line in the figures (known: {', '.join(_KERNELS)}); add it "
            "to rhobar.plotting.wigner_curves."
        )
    line, addition = _KERNELS[kernel]
    sign = "=" if nu_max == 1 else "≤"
    return order_style(nu_max, label=f"ν {sign} {nu_max}{addition}", line=line)
