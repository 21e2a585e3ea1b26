"""Tables of radial integrals, the fast way to evaluate them."""

import torch
from torch import Tensor

from .radial_integral import RadialIntegral

# More knots than this help no more: rounding of the integrals is then above the accuracy.
_MAX_KNOTS = 10 * 2**13 + 1


class RadialSpline(torch.nn.Module):
    """
    Radial integrals by cubic Hermite splines on a uniform grid over [0, cutoff].

    Knots hold values and exact derivatives. The grid starts with 11 knots and is halved until
    the mean absolute or the mean relative error at the midpoints, over all functions that exist,
    is below ``accuracy``; the error falls with the fourth power of the spacing. The one interval
    in which a slope jumps (``kink`` of the integral) does not count. Beyond the cutoff the last
    cubic goes on.

    Buffers: ``table`` ``(knot, l, n, 2)`` with value and derivative (1/Å) last, contiguous;
    ``center`` ``(n,)``, exact integrals of the center itself. ``spacing`` of the knots in Å.

    :param integral: what to tabulate
    :param accuracy: bound of the mean error at midpoints, in the unit of the integrals
    """

    cutoff: float
    spacing: float
    table: Tensor
    center: Tensor

    def __init__(self, integral: RadialIntegral, *, accuracy: float):
        super().__init__()
        if not accuracy > 0:
            raise ValueError(
                f"RadialSpline(accuracy={accuracy!r}): the accuracy has to be above zero, e.g. "
                "1e-10; for integrals without splines use RadialIntegral itself."
            )
        self.cutoff = integral.cutoff
        self.l_max = integral.l_max
        self.n_radial = integral.n_radial
        self.accuracy = float(accuracy)
        table = _refined(integral, accuracy)
        self.spacing = self.cutoff / (table.shape[0] - 1)
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("center", integral.center_values(), persistent=False)

    def forward(self, distances: Tensor) -> Tensor:
        """
        Integrals at ``distances`` ``(pair,)``, Å, not below zero.

        :returns: ``(pair, l_max + 1, n_radial)``
        """
        position = distances / self.spacing
        last = self.table.shape[0] - 2
        knot = position.detach().floor().clamp(0, last).to(torch.int64)
        t = (position - knot.to(position.dtype))[:, None, None]
        left = self.table.index_select(0, knot)  # (pair, l, n, 2)
        right = self.table.index_select(0, knot + 1)
        step = right[..., 0] - left[..., 0]
        start = self.spacing * left[..., 1]
        end = self.spacing * right[..., 1]
        curve = start + end - 2 * step
        return left[..., 0] + t * (start + t * (step - start - curve + t * curve))

    @torch.jit.unused
    def center_values(self) -> Tensor:
        """I_n0(0) ``(n_radial,)``: what the center adds to its own density."""
        return self.center


def _refined(integral: RadialIntegral, accuracy: float) -> Tensor:
    """Values and derivatives ``(knot, l, n, 2)`` on a grid fine enough for ``accuracy``."""
    counts = torch.tensor(integral.radial.n_per_l(integral.l_max))
    exists = torch.arange(integral.n_radial) < counts[:, None]  # (l, n)
    table = _tabulated(integral, torch.linspace(0, integral.cutoff, 11, dtype=torch.float64))
    while True:
        intervals = table.shape[0] - 1
        spacing = integral.cutoff / intervals
        middles = spacing * (torch.arange(intervals, dtype=torch.float64) + 0.5)
        exact = _tabulated(integral, middles)
        left, right = table[:-1], table[1:]
        guess = (left[..., 0] + right[..., 0]) / 2
        guess = guess + spacing / 8 * (left[..., 1] - right[..., 1])
        smooth = (middles - integral.kink()).abs() > spacing / 2
        error = (guess - exact[..., 0]).abs()[smooth][:, exists]
        size = exact[..., 0].abs()[smooth][:, exists]
        relative = error[size > 1e-16] / size[size > 1e-16]
        reached = min(float(error.mean()), float(relative.mean()))
        if reached < accuracy:
            return table
        if 2 * intervals + 1 > _MAX_KNOTS:
            raise ValueError(
                f"RadialSpline(accuracy={accuracy!r}) for {integral.radial!r} and "
                f"{integral.density!r}: {table.shape[0]} knots reach a mean error of "
                f"{reached:.1e} only. Ask for a larger accuracy, or use no spline (None)."
            )
        merged = table.new_empty(2 * intervals + 1, *table.shape[1:])
        merged[0::2], merged[1::2] = table, exact
        table = merged


def _tabulated(integral: RadialIntegral, distances: Tensor) -> Tensor:
    """Values and derivatives ``(distance, l, n, 2)``, in portions that fit in the memory."""
    portions = [torch.stack(integral.with_derivative(part), -1) for part in distances.split(512)]
    return torch.cat(portions)
