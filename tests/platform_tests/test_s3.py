"""Videos dropped into a bucket, a store in a bucket, and credentials that show nowhere."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from resources.store.errors import StoreError
from resources.store.resource import SceneGraphStoreResource
from resources.store.schemas import TABLES
from sensors.definitions import video_drop_s3
from sensors.drops import DropError
from svg2_assets.scene.errors import VideoError
from svg2_assets.scene_graphs.stored import read_graph
from tests import command
from tests.media_factory import write_video
from tests.platform_tests.conftest import Platform
from tests.platform_tests.dagster_ui import SVG2
from tests.s3_server import s3_server

pytestmark = pytest.mark.slow

SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIAKEYOFTHETEST",
    "AWS_SECRET_ACCESS_KEY": "the-secret-of-the-test",
    "AWS_SESSION_TOKEN": "the-token-of-the-test",
}


def assert_no_secret(text: str) -> None:
    assert [name for name, secret in SECRETS.items() if secret in text] == []


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An S3 client of a server whose bucket `team` is both drop and store of the installation."""
    with s3_server("team") as client:
        given = {"AWS_ENDPOINT_URL": client.meta.endpoint_url, "AWS_DEFAULT_REGION": "us-east-1"}
        given |= {"SVG2_HOME": str(tmp_path / "home"), "SVG2_PROFILE": "fake"}
        given |= {"SVG2_STORE": "s3://team/a store", "SVG2_DROP_S3": "s3://team/drop/"}
        for name, value in {**given, **SECRETS}.items():
            monkeypatch.setenv(name, value)
        yield client


@pytest.fixture
def platform(bucket: Any, tmp_path: Path) -> Iterator[Platform]:
    store = SceneGraphStoreResource(uri=os.environ["SVG2_STORE"]).open()
    with dg.DagsterInstance.ephemeral() as instance:
        yield Platform(tmp_path, instance, store)


def put(client: Any, key: str, path: Path) -> None:
    client.put_object(Bucket="team", Key=key, Body=path.read_bytes())


def tick(platform: Platform, cursor: str | None = None) -> dg.SensorResult:
    given = {"store": SceneGraphStoreResource(uri=platform.store.uri), "media": platform.media()}
    context = dg.build_sensor_context(instance=platform.instance, resources=given, cursor=cursor)
    result = video_drop_s3(context)
    assert isinstance(result, dg.SensorResult)
    return result


def told(platform: Platform, *results: dg.ExecuteInProcessResult) -> str:
    """Everything that a run leaves behind for people to read: events, tags, rows of every table."""
    events = [str(e) for r in results for e in platform.instance.all_logs(r.run_id)]
    runs = [str(platform.instance.get_run_by_id(r.run_id)) for r in results]
    rows = [str(platform.store.read(table).to_dicts()) for table in TABLES]
    return "\n".join([*events, *runs, *rows])


def test_from_a_bucket_to_a_graph_in_a_bucket(
    bucket: Any, platform: Platform, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    put(bucket, "drop/it's a clip.mp4", write_video(tmp_path / "a.mp4"))
    (tmp_path / "broken.mp4").write_bytes(b"not a video at all" * 100)
    put(bucket, "drop/broken.mp4", tmp_path / "broken.mp4")
    first = tick(platform)
    files = {r.tags["svg2/file"].rpartition("/")[2]: r.partition_key for r in first.run_requests or []}
    assert set(files) == {"it's a clip.mp4", "broken.mp4"}

    good, broken = (platform.run(files[name]) for name in ("it's a clip.mp4", "broken.mp4"))  # type: ignore[arg-type]
    assert good.success
    assert not broken.success
    graph = read_graph(platform.store, str(files["it's a clip.mp4"]))
    assert graph.video.uri == "s3://team/drop/it's a clip.mp4"
    assert graph.objects
    assert not tick(platform, first.cursor).run_requests

    assert bucket.list_objects_v2(Bucket="team", Prefix="a store/")["KeyCount"] > 0
    said = capfd.readouterr()
    assert "broken.mp4" in told(platform, good, broken)
    assert_no_secret(told(platform, good, broken) + said.out + said.err + caplog.text)


def test_an_object_that_changed_is_a_new_version(bucket: Any, platform: Platform, tmp_path: Path) -> None:
    put(bucket, "drop/a.mp4", write_video(tmp_path / "a.mp4", frames=5))
    first = tick(platform)
    put(bucket, "drop/a.mp4", write_video(tmp_path / "b.mp4", frames=6))
    second = tick(platform, first.cursor)
    (old,), (new,) = ([r.partition_key for r in t.run_requests or []] for t in (first, second))
    rows = {r["video_id"]: r for r in platform.store.read("videos").to_dicts()}
    assert rows[old]["superseded_by"] == new


def test_the_command_line_works_on_buckets(bucket: Any, tmp_path: Path) -> None:
    put(bucket, "elsewhere/only here.mp4", write_video(tmp_path / "a.mp4", frames=17))
    said = ""
    annotating = [SVG2, "annotate", "s3://team/elsewhere/only here.mp4"]
    for done in (
        subprocess.run(annotating, capture_output=True, text=True, timeout=240, check=False),
        command.svg2("status"),
        command.svg2("show", "only here.mp4"),
    ):
        assert done.returncode == 0, done.stdout + done.stderr
        said += done.stdout + done.stderr
    assert "only here.mp4" in said
    assert_no_secret(said)
    written = [p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()]
    assert [name for name, secret in SECRETS.items() if any(secret.encode() in content for content in written)] == []


def test_a_bucket_out_of_reach_is_said_without_credentials(
    bucket: Any, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVG2_DROP_S3", "s3://nobodys/drop")
    with pytest.raises(DropError) as refused:
        tick(platform)
    assert "s3://nobodys/drop" in str(refused.value)
    assert_no_secret(str(refused.value))
    absent = SceneGraphStoreResource(uri="s3://nobodys/store").open()
    row = platform.store.read("videos").to_dicts() or [{"video_id": "a" * 16, "uri": "s3://nobodys/a.mp4"}]
    with pytest.raises(StoreError) as missing:
        absent.upsert("videos", row)
    assert_no_secret(str(missing.value) + repr(missing.value))
    with pytest.raises(VideoError) as unread:
        platform.media().library().local("s3://nobodys/a.mp4")
    assert_no_secret(str(unread.value))
