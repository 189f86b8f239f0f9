"""These tests need torch and sam2, which come with the `models` extra. Without them there is nothing to collect."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

# Not `importorskip`: sam2 must not be imported before hydra was told of it.
MISSING = [name for name in ("torch", "sam2", "hydra") if find_spec(name) is None]
collect_ignore_glob = ["test_*.py"] if MISSING else []


@pytest.fixture(scope="session")
def engine():
    """One random model for all tests that do not change it."""
    from tests.resources.sam2.scene import random_engine

    return random_engine()
