"""A page to turn structures around in, which needs a browser and no network."""

from __future__ import annotations

import html
import json
import string
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import ase

from rhobar.data import written_beside

_TEMPLATE = Path(__file__).with_suffix(".html")


def structure_page(
    path: str | Path,
    frames: Sequence[ase.Atoms],
    properties: Mapping[str, Sequence[Any]],
    *,
    axes: tuple[str, str],
    color: str,
    title: str,
    text: str,
    atom_properties: Mapping[str, Sequence[Any]] | None = None,
) -> None:
    """
    Write an interactive page of ``frames``: a map of points beside the chosen structure.

    The page carries the structures and the viewer, chemiscope (Fraux, Cersonsky, Ceriotti,
    J. Open Source Softw. 5, 2117 (2020), doi:10.21105/joss.02117): one file of 3 MB that opens
    without a server or a network.

    :param path: .html, written whole or not at all
    :param properties: by name, a number or a word for each of ``frames``
    :param axes: two of the properties that are numbers, the axes of the map
    :param color: a property of numbers, the color of the points
    :param text: a sentence or two below the title
    :param atom_properties: by name, a number for each atom of all ``frames``
    :raises ModuleNotFoundError: without chemiscope, part of the extra ``workflow``
    """
    try:
        import chemiscope
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "structure_page needs chemiscope: pip install 'rhobar[workflow]'."
        ) from None

    described = {
        name: {"target": "structure", "values": list(values)} for name, values in properties.items()
    }
    for name, values in (atom_properties or {}).items():
        described[name] = {"target": "atom", "values": list(values)}
    dataset = chemiscope.create_input(
        list(frames),
        metadata={"name": title},
        properties=described,
        environments=chemiscope.all_atomic_environments(frames) if atom_properties else None,
        settings=chemiscope.quick_settings(x=axes[0], y=axes[1], map_color=color, periodic=True),
    )
    viewer = resources.files("chemiscope") / "sphinx" / "static" / "chemiscope.min.js"
    page = string.Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        text=html.escape(text),
        dataset=json.dumps(dataset).replace("</", "<\\/"),  # a script ends at the first </
        viewer=viewer.read_text(encoding="utf-8"),
    )
    with written_beside(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
