from __future__ import annotations

from pathlib import Path

import pytest

from resources.store.store import SceneGraphStore


@pytest.fixture
def store(tmp_path: Path) -> SceneGraphStore:
    return SceneGraphStore(str(tmp_path / "store"))
