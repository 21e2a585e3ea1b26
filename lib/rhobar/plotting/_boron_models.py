"""How the models of B8 clusters are called and drawn, named as in the paper."""

from __future__ import annotations

from rhobar.plotting._models import ModelStyle

BORON_MODELS = {
    "Arho_L": ModelStyle(r"A$^\rho$, linear", "#777777", "s", fill="none"),
    "Arho_NL": ModelStyle(r"A$^\rho$, nonlinear", "#777777", "s"),
    "A_L_linear": ModelStyle("A, linear, linear head", "#CC79A7", "v", fill="none"),
    "A_L": ModelStyle("A, linear", "#CC79A7", "v"),
    "A_NL": ModelStyle("A, nonlinear", "#CC79A7", "^"),
    "B_L": ModelStyle("B, linear", "#0072B2", "o", fill="none"),
    "B_NL": ModelStyle("B, nonlinear", "#0072B2", "o"),
    "B_NL_delta": ModelStyle("B, pairs weighted", "#56B4E9", "D"),
    "C_L": ModelStyle("C, linear", "#009E73", "P", fill="none"),
    "C_NL": ModelStyle("C, nonlinear", "#009E73", "P"),
    "D_L": ModelStyle("D, linear", "#D55E00", "X", fill="none"),
    "D_NL": ModelStyle("D, nonlinear", "#D55E00", "X"),
}


def boron_model(name: str) -> ModelStyle:
    """
    The style of a model by its name in the files of numbers.

    :raises ValueError: for a name without a style
    """
    if name not in BORON_MODELS:
        raise ValueError(
            f"Model {name!r} of B8 clusters has no style (known: {', '.join(BORON_MODELS)})."
        )
    return BORON_MODELS[name]
