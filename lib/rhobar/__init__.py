"""
Symmetry-adapted atom densities: descriptors, kernels, models and analyses on metatensor blocks.

Each folder of this package is a layer of the physics, loaded when it is first used:

>>> import rhobar
>>> rhobar.math.Cutoff(5.0).radius
5.0
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

__version__ = "0.1.0"

_ROOMS = frozenset(module.name for module in pkgutil.iter_modules(__path__))


def __getattr__(name: str) -> ModuleType:
    """The folder ``name``, imported at the first use so that ``import rhobar`` costs nothing."""
    if name not in _ROOMS:
        raise AttributeError(f"rhobar has no {name!r}; its folders are {sorted(_ROOMS)}.")
    return importlib.import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    """Names for completion: the folders and what is defined here."""
    return sorted({*globals(), *_ROOMS})
