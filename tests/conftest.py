"""What all tests share: the data mirror, and the choice of tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

MIRROR = os.environ.get("RHOBAR_MIRROR", "")


def pytest_configure(config: pytest.Config) -> None:
    """A mirror that is named has to be there: its tests must not vanish for a wrong path."""
    if MIRROR and not Path(MIRROR).is_dir():
        raise pytest.UsageError(
            f"RHOBAR_MIRROR={MIRROR} is no folder; name the data mirror, or unset the variable."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without a mirror its tests are not collected; each has a twin that needs none."""
    if MIRROR:
        return
    left_out = [item for item in items if item.get_closest_marker("mirror")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("mirror")]


@pytest.fixture(scope="session")
def mirror() -> Path:
    """The folder of the data mirror, for tests marked ``mirror``."""
    return Path(MIRROR)
