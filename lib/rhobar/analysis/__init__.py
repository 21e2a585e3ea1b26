"""Numerical experiments on descriptors and models."""

from rhobar.analysis.body_order import (
    BodyOrderError,
    body_order_errors,
    many_body_energies,
    random_environments,
)

__all__ = [
    "BodyOrderError",
    "body_order_errors",
    "many_body_energies",
    "random_environments",
]
