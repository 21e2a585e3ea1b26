"""Numbers as they stand in figures."""

from __future__ import annotations


def three_digits(value: float) -> str:
    """Three significant digits without an exponent, e.g. 1980, 97.1, 0.546."""
    return f"{float(f'{value:.3g}'):g}"
