"""What several tests of descriptors share."""

from __future__ import annotations

import pytest

from rhobar.descriptors import Nice
from tests.descriptors.nice_on_methane import small


@pytest.fixture(scope="session")
def fitted() -> Nice:
    """A fitted NICE that no test changes."""
    return small()
