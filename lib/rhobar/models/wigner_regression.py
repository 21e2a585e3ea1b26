"""What regressions on Wigner kernels share: the kernel, the search of its weights, their files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from rhobar.kernels import WignerKernel
from rhobar.models.files import read_model
from rhobar.models.hypers import decoded, encoded
from rhobar.models.nu_kernel_ridge import NuKernelRidge


class WignerRegression(ABC):
    """
    A kernel and how its orders are weighed, neither of which changes after a fit.

    :raises ValueError: if the mixing of ``ridge`` is for another ``nu_max`` than the kernel's
    """

    def __init__(self, kernel: WignerKernel, ridge: NuKernelRidge) -> None:
        if ridge.mixing.nu_max != kernel.nu_max:
            raise ValueError(
                f"{type(self).__name__}: the kernel goes to nu_max={kernel.nu_max}, the mixing of "
                f"the ridge to nu_max={ridge.mixing.nu_max}; give both the same."
            )
        self._kernel, self._ridge = kernel, ridge

    @property
    def kernel(self) -> WignerKernel:
        """What is compared; with another one the weights would mean nothing."""
        return self._kernel

    @property
    def ridge(self) -> NuKernelRidge:
        """How weights are searched."""
        return self._ridge

    @classmethod
    def load(cls, path: str | Path, *, kernel: WignerKernel | None = None) -> Self:
        """
        The model that ``save`` wrote.

        :param kernel: the kernel that the model has to have; None: whatever it was fitted with
        :raises ValueError: naming the file, if it is no such file or is damaged, or if it was
            fitted with another kernel than ``kernel``
        """
        header, arrays = read_model(path)
        if header.get("model") != cls.__name__:
            raise ValueError(f"{path} holds a {header.get('model')}, not a {cls.__name__}.")
        if kernel is not None:
            _refuse_other_kernel(path, header["kernel"], kernel)
        try:
            model = cls(
                decoded(header["kernel"]), ridge=decoded(header["ridge"]), **cls._options(header)
            )
            model._restore(header, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} does not hold a whole model: {error!r}.") from error
        return model

    @classmethod
    def _options(cls, header: Mapping[str, Any]) -> dict[str, Any]:
        """Further arguments of the constructor, from the header of a file."""
        del header
        return {}

    @abstractmethod
    def _restore(self, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take from a file what a fit finds."""

    def _header(self) -> dict[str, Any]:
        """What a file says of the model beside its arrays."""
        return {
            "model": type(self).__name__,
            "kernel": encoded(self.kernel),
            "ridge": encoded(self.ridge),
        }


def _refuse_other_kernel(path: str | Path, stored: Any, kernel: WignerKernel) -> None:
    """Nothing, if ``stored``, a kernel as JSON, is ``kernel``; else say what differs."""
    asked = encoded(kernel)
    differing = [name for name in asked if stored.get(name) != asked[name]]
    if differing:
        fitted, wanted = (
            ", ".join(f"{name}={hypers.get(name)!r}" for name in differing)
            for hypers in (stored, asked)
        )
        raise ValueError(
            f"{path} was fitted with a kernel of {fitted}, and {wanted} is asked for: kernels of "
            "different engines are not interchangeable. Fit again, or use the kernel of the file."
        )
