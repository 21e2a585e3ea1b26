"""Models from their files."""

from __future__ import annotations

from pathlib import Path

from rhobar.models.energy_model import EnergyModel
from rhobar.models.files import read_model
from rhobar.models.hypers import decoded
from rhobar.models.kernel import KernelModel
from rhobar.models.linear import LinearModel
from rhobar.models.ridge import Ridge
from rhobar.models.sparse_kernel import SparseKernelModel

_MODELS: dict[str, type[EnergyModel]] = {
    "KernelModel": KernelModel,
    "LinearModel": LinearModel,
    "SparseKernelModel": SparseKernelModel,
}

_ON_THEIR_OWN = ("SparseWignerModel", "WignerModel", "WignerTensorModel")


def load_model(path: str | Path) -> EnergyModel:
    """
    The model that :meth:`EnergyModel.save` wrote, with its descriptor, ready to predict.

    :raises ValueError: naming the file, if it is no such file, is damaged, or was written in a
        form that this version of rhobar does not read
    """
    header, arrays = read_model(path)
    if header.get("model") in _ON_THEIR_OWN:
        raise ValueError(f"{path} holds a {header['model']}; read it with {header['model']}.load.")
    try:
        hypers = dict(header["hypers"])
        solver = hypers.pop("solver")
        solver["regularizers"] = tuple(solver["regularizers"])
        model = _MODELS[header["model"]](
            decoded(header["descriptor"]), solver=Ridge(**solver), **hypers
        )
        model.restore(header, arrays)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not hold a whole model: {error!r}.") from error
    return model
