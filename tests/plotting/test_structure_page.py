"""A page of structures carries all that it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import ase
import pytest

from rhobar.plotting import structure_page

FRAMES = [ase.Atoms("OH", [[0, 0, 0], [0, 0, 0.97]]), ase.Atoms("C", cell=[3, 3, 3], pbc=True)]


@pytest.fixture
def page(tmp_path: Path) -> str:
    path = tmp_path / "page.html"
    structure_page(
        path,
        FRAMES,
        {"number": [0, 1], "size": [2, 1], "word": ["</script>", "b"]},
        axes=("number", "size"),
        color="size",
        title="A < B",
        text="Two structures.",
        atom_properties={"kind": [0, 1, 2]},
    )
    return path.read_text(encoding="utf-8")


def test_it_loads_nothing(page: str) -> None:
    assert not re.search(r"<(script|img|link)[^>]+(src|href)=\"(?!data:)", page)
    assert "Chemiscope" in page
    assert len(page) > 2_000_000  # the viewer itself


def test_it_holds_the_structures(page: str) -> None:
    (text,) = re.findall(r'<script id="dataset"[^>]*>(.*?)</script>', page, flags=re.DOTALL)
    dataset = json.loads(text)
    assert [structure["size"] for structure in dataset["structures"]] == [2, 1]
    assert dataset["properties"]["word"]["values"] == ["</script>", "b"]
    assert dataset["properties"]["kind"]["target"] == "atom"
    assert dataset["settings"]["map"]["x"]["property"] == "number"
    assert "<h1>A &lt; B</h1>" in page


def test_nothing_is_left_of_a_failed_page(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="number"):
        structure_page(
            tmp_path / "page.html",
            FRAMES,
            {"number": [0]},
            axes=("number", "number"),
            color="number",
            title="",
            text="",
        )
    assert list(tmp_path.iterdir()) == []
