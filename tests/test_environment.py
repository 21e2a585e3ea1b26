"""environment.yml, constraints.txt and pyproject.toml say the same."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml

import rhobar

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("environment", ROOT / ".ci" / "environment.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_environment_yml_is_what_make_writes(generator: ModuleType) -> None:
    written = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert written == generator.environment(PYPROJECT, CONSTRAINTS), "run `make environment.yml`"


def test_environment_yml_is_a_conda_environment() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *conda, packages = environment["dependencies"]
    assert conda[1:] == ["pip"]
    assert conda[0].startswith("python>=3.11")
    assert set(packages["pip"]) <= set(CONSTRAINTS.splitlines())


def test_a_requirement_without_a_tested_version_is_named(generator: ModuleType) -> None:
    without = re.sub(r"(?m)^numpy==.*\n", "", CONSTRAINTS)
    with pytest.raises(KeyError, match="numpy"):
        generator.environment(PYPROJECT, without)


def test_every_requirement_has_a_tested_version(generator: ModuleType) -> None:
    project = tomllib.loads(PYPROJECT)["project"]
    wanted = set(project["dependencies"]).union(*project["optional-dependencies"].values())
    names = {re.split(r"[<>=]", name)[0].lower() for name in wanted}
    assert names <= set(generator.pins(CONSTRAINTS))


def test_version_is_the_one_that_is_cited() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == rhobar.__version__
    assert cited["license"] == tomllib.loads(PYPROJECT)["project"]["license"]
