"""Every failure of the storage is told with the table, the reason and the remedy, and without a credential."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.store.errors import StoreError, explained, redacted_uri, secret_values
from resources.store.schemas import TABLES
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import masks, tracked, tracks

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
PROGRAM = """
import os, resource, signal, sys, tempfile
from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import tracked, tracks
uri, limit, user = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with tempfile.TemporaryDirectory() as other:  # imports all that writing needs: later a private folder is out of reach
    with SceneGraphStore(other).writer(run_id="r") as finished:
        finished.put("b", tracks("b", "new"), tracked("new"))
store = SceneGraphStore(uri)
store.count("videos")
if limit:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
if user:
    os.setgid(user); os.setuid(user)
rows = tracks("b", "new")
rows["masks"] = [{**row, "counts": [os.urandom(200_000)] * 2} for row in rows["masks"]]
try:
    with store.writer(run_id="r") as finished:
        finished.put("b", rows, tracked("new"))
except StoreError as error:
    print(error.reason, "|", error)
"""


def said_by_a_process(uri: str, *, limit: int = 0, user: int = 0) -> str:
    command = [sys.executable, "-c", PROGRAM, uri, str(limit), str(user)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


def assert_old_rows_are_whole(uri: str) -> None:
    store = SceneGraphStore(uri)
    assert store.read("masks")["video_id"].unique().to_list() == ["a"]
    assert store.states()["video_id"].to_list() == ["a"]


def with_a_video(uri: str) -> SceneGraphStore:
    store = SceneGraphStore(uri)
    with store.writer(run_id="r") as finished:
        finished.put("a", tracks("a", "old"), tracked("old"))
    return store


def test_a_file_size_limit_is_a_full_disk_and_nothing_is_half_written(tmp_path: Path) -> None:
    with_a_video(str(tmp_path))
    said = said_by_a_process(str(tmp_path), limit=100_000)
    assert said.startswith("disk-full |")
    assert "table masks" in said
    assert "Free space" in said
    assert_old_rows_are_whole(str(tmp_path))


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(place)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_named_and_the_store_works_again_once_there_is_space(tiny_disk: Path) -> None:
    store = with_a_video(str(tiny_disk))
    with pytest.raises(StoreError, match="disk is full") as raised:
        store.replace("masks", masks("b", size=200_000), video_ids=["b"])
    assert raised.value.reason == "disk-full"
    assert_old_rows_are_whole(str(tiny_disk))
    store.replace("masks", masks("b", size=10), video_ids=["b"])
    assert store.count("masks") == 6


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to become another user")
def test_no_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    said = said_by_a_process(str(tmp_path / "store"), user=65534)
    assert said.startswith("permission |")
    assert "SVG2_STORE" in said


@pytest.mark.parametrize("damage", ["manifest is garbage", "manifests are gone", "data is garbage", "data is gone"])
def test_a_damaged_table_is_never_an_empty_one(tmp_path: Path, damage: str) -> None:
    with_a_video(str(tmp_path))
    table = tmp_path / "masks.lance"
    if damage == "manifests are gone":
        shutil.rmtree(table / "_versions")
    elif damage == "manifest is garbage":
        for manifest in (table / "_versions").glob("*.manifest"):
            manifest.write_bytes(b"\x00garbage" * 50)
    for file in (table / "data").iterdir() if damage.startswith("data") else ():
        file.write_bytes(b"\x00garbage" * 50) if damage == "data is garbage" else file.unlink()
    damaged = SceneGraphStore(str(tmp_path))
    with pytest.raises(StoreError, match="table masks") as raised:
        damaged.read("masks")
    assert raised.value.reason == "corrupted"
    assert "backup" in raised.value.remedy
    if damage.startswith("manifest"):
        with pytest.raises(StoreError):
            damaged.replace("masks", masks("b"), video_ids=["b"])
    assert damaged.read("trajectories").height == 3


def test_a_table_of_another_version_of_the_software_is_not_touched(tmp_path: Path) -> None:
    import lancedb
    import pyarrow as pa

    lancedb.connect(str(tmp_path)).create_table("masks", schema=pa.schema([("video_id", pa.string())]))
    with pytest.raises(StoreError, match="another version of this software") as raised:
        SceneGraphStore(str(tmp_path)).read("masks")
    assert raised.value.reason == "schema"


def test_a_table_of_an_earlier_version_gets_the_columns_that_came_since(tmp_path: Path) -> None:
    import lancedb

    with_a_video(str(tmp_path))
    table = lancedb.connect(str(tmp_path)).open_table("trajectories")
    table.drop_columns(["part_of", "registered"])
    old = SceneGraphStore(str(tmp_path))
    assert old.read("trajectories")["part_of"].to_list() == [None] * 3
    old.replace("trajectories", [{"video_id": "b", "object_id": 1, "part_of": 0, "num_frames": 7}], video_ids=["b"])
    found = SceneGraphStore(str(tmp_path)).read("trajectories", video_ids=["b"]).to_dicts()
    assert [(r["object_id"], r["part_of"], r["num_frames"]) for r in found] == [(1, 0, 7)]


def test_a_snapshot_of_an_earlier_version_reads_the_columns_that_came_since_as_empty(tmp_path: Path) -> None:
    import lancedb

    store = with_a_video(str(tmp_path))
    lancedb.connect(str(tmp_path)).open_table("trajectories").drop_columns(["part_of", "registered"])
    for name in TABLES:  # what `SceneGraphStore.tag` did in the version that knew no such columns
        store._tables.created(name)
        lancedb.connect(str(tmp_path)).open_table(name).branches.create("before")
    new = SceneGraphStore(str(tmp_path))
    new.replace("trajectories", [{"video_id": "a", "object_id": 1, "part_of": 0, "num_frames": 7}], video_ids=["a"])
    assert new.at_tag("before").read("trajectories")["part_of"].to_list() == [None] * 3
    assert new.read("trajectories")["part_of"].to_list() == [0]


def test_a_forked_child_is_told_to_spawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = with_a_video(str(tmp_path))
    monkeypatch.setattr("os.getpid", lambda: -1)
    with pytest.raises(StoreError, match="spawn"):
        store.read("relations")
    with pytest.raises(StoreError, match="spawn"):
        store.read("masks")
    with pytest.raises(StoreError, match="spawn"):
        store.replace("masks", [], video_ids=["a"])


def test_a_store_travels_to_a_spawned_process(tmp_path: Path) -> None:
    store = pickle.loads(pickle.dumps(with_a_video(str(tmp_path))))
    assert store.count("masks") == 3


def test_credentials_are_in_no_message_and_no_traceback() -> None:
    options = {"aws_secret_access_key": SECRET, "aws_session_token": "tokentokentoken", "region": "eu-west-1"}
    secrets = secret_values(options)
    assert set(secrets) == {SECRET, "tokentokentoken"}
    said = f'GET http://h/b?X-Amz-Signature=abcdef012345&x=1 secret_access_key: Some("hidden") key {SECRET} refused'
    error = explained(RuntimeError(said), uri=f"s3://user:{SECRET}@b/p", table="masks", action="open", secrets=secrets)
    for hidden in (SECRET, "abcdef012345", "hidden"):
        assert hidden not in str(error)
        assert hidden not in repr(error)
        assert hidden not in error.uri
    assert redacted_uri("s3://bucket/prefix@v1") == "s3://bucket/prefix@v1"


def test_a_cause_that_holds_a_credential_is_left_out_of_the_traceback(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path), storage_options={"aws_secret_access_key": SECRET})

    def fail() -> None:
        raise RuntimeError(f"request signed with {SECRET} failed")

    with pytest.raises(StoreError) as raised:
        store._tables.run("masks", "open", fail)
    assert SECRET not in "".join(traceback.format_exception(raised.value))
    assert SECRET not in repr(store)


def test_labels_of_an_earlier_version_are_read_and_get_their_new_columns(tmp_path: Path) -> None:
    import lancedb

    from svg2_assets.labels.protocols import Label
    from svg2_assets.labels.rows import labels_of, parsed_rows

    label = Label(1, "dog", 0.9, actions=("runs",), relationships=("on the grass",), original="Dogs")
    SceneGraphStore(str(tmp_path)).replace("labels", parsed_rows("a", [label]), video_ids=["a"], stage="parsed")
    columns = ["actions", "relationships", "original"]
    lancedb.connect(str(tmp_path)).open_table("labels").drop_columns(columns)
    store = SceneGraphStore(str(tmp_path))
    assert labels_of(store.read("labels").to_dicts()) == (Label(1, "dog", 0.9),)
    store.replace("labels", parsed_rows("a", [label]), video_ids=["a"], stage="parsed")
    assert labels_of(store.read("labels").to_dicts()) == (label,)


def test_labels_written_before_evidence_had_columns_are_read_and_get_them(tmp_path: Path) -> None:
    import lancedb
    import pyarrow as pa

    from svg2_assets.labels.protocols import Label, TrackEvidence, VerifiedLabel
    from svg2_assets.labels.rows import verified_of, verified_rows
    from svg2_assets.scene.graph import Verification

    key = {b"lance-schema:unenforced-primary-key": b"true"}
    keys = {"video_id": pa.string(), "stage": pa.string(), "object_id": pa.int32()}
    attribute = pa.struct([("value", pa.string()), ("type", pa.string()), ("confidence", pa.float64())])
    plain = {
        "name": pa.string(), "confidence": pa.float64(), "uncertain": pa.bool_(), "reason": pa.string(),
        "alternatives": pa.list_(pa.string()), "attributes": pa.list_(attribute), "actions": pa.list_(pa.string()),
        "relationships": pa.list_(pa.string()), "original": pa.string(), "verdict": pa.string(),
        "score": pa.float64(), "evidence": pa.string(), "input_version": pa.string(), "code_version": pa.string(),
        "config_hash": pa.string(), "model_id": pa.string(), "prompt_version": pa.string(), "run_id": pa.string(),
        "created_at": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    fields = [pa.field(n, k, nullable=False, metadata=key) for n, k in keys.items()]
    old_schema = pa.schema([*fields, *(pa.field(n, k) for n, k in plain.items())])
    old = VerifiedLabel(Label(1, "dog", 0.9), Verification(), "dog: track 0.0 fits.")
    rows = [{name: row.get(name) for name in old_schema.names} for row in verified_rows("a", [old])]
    lancedb.connect(str(tmp_path)).create_table("labels", pa.Table.from_pylist(rows, schema=old_schema))

    store = SceneGraphStore(str(tmp_path))
    assert verified_of(store.read("labels").to_dicts()) == (old,)
    assert store.read("labels")["evidence_viou"].to_list() == [None]
    new = VerifiedLabel(
        Label(1, "cat", 0.9), Verification(), "cat.", TrackEvidence("cat", ((0, 2),), 0.5, (3,), 0.7, 4)
    )
    store.replace("labels", verified_rows("b", [new]), video_ids=["b"], stage="verified")
    again = SceneGraphStore(str(tmp_path))
    found = [verified_of(again.read("labels", video_ids=[v]).to_dicts()) for v in ("a", "b")]
    assert found == [(old,), (new,)]
