from __future__ import annotations

import pyarrow as pa
import pytest

from resources.store.schemas import KEYS, PROVENANCE, TABLES
from resources.store.store import SceneGraphStore


def test_every_key_field_is_marked_so_that_lance_rejects_concurrent_duplicates() -> None:
    for name, schema in TABLES.items():
        for field in schema:
            marked = (field.metadata or {}).get(b"lance-schema:unenforced-primary-key") == b"true"
            assert marked == (not field.nullable) == (field.name in KEYS[name]), (name, field.name)


def test_keys() -> None:
    assert KEYS["trajectories"] == KEYS["masks"] == KEYS["descriptions"] == ("video_id", "object_id")
    assert KEYS["labels"] == ("video_id", "stage", "object_id")
    assert KEYS["relations"] == ("video_id", "relation_id")
    assert KEYS["phase_state"] == ("video_id", "phase")
    assert KEYS["videos"] == KEYS["scene_graphs"] == ("video_id",)


@pytest.mark.parametrize(
    "table", ["videos", "trajectories", "masks", "descriptions", "labels", "relations", "scene_graphs"]
)
def test_rows_of_every_phase_carry_their_provenance(table: str) -> None:
    assert set(PROVENANCE) <= set(TABLES[table].names)


@pytest.mark.parametrize("table", list(TABLES))
def test_a_table_that_does_not_exist_yet_reads_as_empty_with_its_columns(store: SceneGraphStore, table: str) -> None:
    assert store.count(table) == 0
    frame = store.read(table)
    assert frame.shape == (0, len(TABLES[table]))
    assert frame.columns == TABLES[table].names


def test_what_lance_stores_is_the_schema_with_its_key_metadata(store: SceneGraphStore) -> None:
    store.upsert("failures", [{"failure_id": "f"}])
    stored: pa.Schema = store._tables.existing("failures").schema
    assert stored.equals(TABLES["failures"], check_metadata=True)
