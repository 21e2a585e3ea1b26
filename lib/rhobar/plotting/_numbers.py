"""Numbers as they stand in figures."""

from __future__ import annotations


def three_digits(value: float) -> str:
    """Three significant digits without an exponent, e.g. 1980, 97.1, 0.546."""
    return f"{float(f'{value:.3g}'):g}"


def three_decimals(value: float) -> str:
    """Three decimals up to 1, three significant digits above, e.g. 0.046, 1.000, 2.09."""
    return f"{value:.3f}" if value < 1.0005 else three_digits(value)
