"""From a URI to a local file."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.media.location import MediaLibrary
from resources.media.prober import LibraryProber
from svg2_assets.scene.errors import VideoError
from tests import media_factory as factory
from tests.s3_server import s3_server


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with s3_server("videos") as connected:
        yield connected


def put(client: Any, key: str, content: bytes) -> str:
    client.put_object(Bucket="videos", Key=key, Body=content)
    return f"s3://videos/{key}"


def test_a_local_path_is_taken_as_it_is(tmp_path: Path):
    library = MediaLibrary(tmp_path / "cache")
    assert library.local("/drops/a b%20c.mp4") == Path("/drops/a b%20c.mp4")
    assert library.local("file:///drops/a%20b.mp4") == Path("/drops/a b.mp4")
    assert not (tmp_path / "cache").exists()


def test_an_object_is_downloaded_once(tmp_path: Path, client: Any):
    library = MediaLibrary(tmp_path / "cache", client=client)
    uri = put(client, "once/ünï code.mp4", b"content")
    first = library.local(uri)
    assert first.read_bytes() == b"content"
    assert first.suffix == ".mp4"
    stamp = first.stat().st_ino
    assert library.local(uri).stat().st_ino == stamp
    assert [f.name for f in (tmp_path / "cache").iterdir()] == [first.name]


def test_a_changed_object_is_downloaded_again(tmp_path: Path, client: Any):
    library = MediaLibrary(tmp_path / "cache", client=client)
    before = library.local(put(client, "changed.mp4", b"old"))
    after = library.local(put(client, "changed.mp4", b"new"))
    assert (before.read_bytes(), after.read_bytes()) == (b"old", b"new")


def test_a_key_never_leads_out_of_the_cache(tmp_path: Path, client: Any):
    library = MediaLibrary(tmp_path / "cache", client=client)
    local = library.local(put(client, "a/../../../evil.mp4", b"content"))
    assert local.parent == tmp_path / "cache"


def test_the_cache_lets_the_least_recently_used_go(tmp_path: Path, client: Any):
    library = MediaLibrary(tmp_path / "cache", cache_bytes=250, client=client)
    uris = [put(client, f"lru/{i}.mp4", bytes(100)) for i in range(3)]
    first, second = library.local(uris[0]), library.local(uris[1])
    os.utime(second, (1, 1))
    third = library.local(uris[2])
    assert (first.exists(), second.exists(), third.exists()) == (True, False, True)


def test_an_object_larger_than_the_cache_is_refused(tmp_path: Path, client: Any):
    library = MediaLibrary(tmp_path / "cache", cache_bytes=50, client=client)
    with pytest.raises(VideoError) as caught:
        library.local(put(client, "large.mp4", bytes(100)))
    assert caught.value.reason == "too-large"


@pytest.mark.parametrize("uri", ["s3://videos/none.mp4", "s3://no-such-bucket/a.mp4", "s3://videos", "s3:///a.mp4"])
def test_an_object_that_is_not_there_is_missing(tmp_path: Path, client: Any, uri: str):
    with pytest.raises(VideoError) as caught:
        MediaLibrary(tmp_path, client=client).local(uri)
    assert caught.value.reason == "missing"
    assert uri in str(caught.value)


def test_a_server_that_does_not_answer_is_named(tmp_path: Path):
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:9",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(VideoError) as caught:
        MediaLibrary(tmp_path, client=client).local("s3://videos/a.mp4")
    assert caught.value.reason == "unreachable"


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch):
    uri = put(client, "full.mp4", bytes(100))

    class Full:
        def __init__(self, handle: int, mode: str) -> None:
            self.handle = handle

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            os.close(self.handle)

        def write(self, _: bytes) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("resources.media.location.os.fdopen", Full)
    with pytest.raises(VideoError) as caught:
        MediaLibrary(tmp_path / "cache", client=client).local(uri)
    assert caught.value.reason == "disk-full"
    assert "SVG2_HOME" in str(caught.value)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_cache_that_may_not_be_written_is_named(tmp_path: Path, client: Any, monkeypatch: pytest.MonkeyPatch):
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", denied)
    with pytest.raises(VideoError) as caught:
        MediaLibrary(tmp_path / "cache", client=client).local(put(client, "denied.mp4", b"x"))
    assert caught.value.reason == "permission"
    assert "download cache" in str(caught.value)


def test_a_video_in_a_bucket_is_probed_under_its_own_name(tmp_path: Path, client: Any):
    path = factory.write_video(tmp_path / "a.mp4")
    uri = put(client, "probed/a.mp4", path.read_bytes())
    prober = LibraryProber(MediaLibrary(tmp_path / "cache", client=client))
    probed = prober.probe(uri)
    assert (probed.video.uri, probed.video.num_frames) == (uri, 20)
    assert prober.content_hash(uri) == probed.video.sha256
    with pytest.raises(VideoError, match="probed/bad") as caught:
        prober.probe(put(client, "probed/bad.mp4", b"just text"))
    assert caught.value.reason == "not-a-video"
