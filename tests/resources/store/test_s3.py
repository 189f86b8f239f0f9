"""The same promises over HTTP, against a server that speaks S3 and honours conditional writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore
from tests.resources.store.rows_of import masks, tracked, tracks
from tests.resources.store.test_processes import assert_all_written, assert_one_writer_per_video, run_at_once
from tests.s3_server import answers_at_once

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:optimize")]

SECRET = "a-secret-of-the-bucket"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    answers_at_once()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def options(endpoint: str) -> dict[str, str]:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": SECRET}
    return {"endpoint": endpoint, "region": "us-east-1", "allow_http": "true", **keys}


def uri_in(bucket: str, endpoint: str) -> str:
    """The URI of a store in a new bucket."""
    import boto3

    keys: dict[str, Any] = {"aws_access_key_id": "testing", "aws_secret_access_key": SECRET}
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys).create_bucket(Bucket=bucket)
    return f"s3://{bucket}/a store"


@pytest.fixture(scope="module")
def written(endpoint: str, options: dict[str, str]) -> list[SceneGraphStore]:
    uris = [uri_in(name, endpoint) for name in ("svg2-same", "svg2-own")]
    run_at_once(uris, options, writers=4)
    return [SceneGraphStore(uri, storage_options=options) for uri in uris]


def test_rows_states_tags_and_compaction_in_a_bucket(endpoint: str, options: dict[str, str]) -> None:
    uri = uri_in("svg2-alone", endpoint)
    store = SceneGraphStore(uri, storage_options=options)
    assert store.count("masks") == 0
    for version in ("old", "new"):
        with store.writer(run_id=version) as finished:
            for video in ("a", "it's"):
                finished.put(video, tracks(video, version), tracked(version))
        if version == "old":
            store.tag("before")
    assert store.ensure_indices() == ["trajectories", "masks", "phase_state"]
    store.compact(keep_seconds=0)
    again = SceneGraphStore(uri, storage_options=options)
    assert set(again.read("masks", video_ids=["it's"])["input_version"]) == {"new"}
    assert set(again.at_tag("before").read("masks")["input_version"]) == {"old"}
    assert set(again.states("trajectories")["output_version"]) == {"new"}
    assert again.drop_video("it's")["masks"] == 3


def test_four_processes_write_the_same_videos_in_an_empty_bucket(written: list[SceneGraphStore]) -> None:
    assert_one_writer_per_video(written[0])


def test_four_processes_write_their_own_videos_in_an_empty_bucket(written: list[SceneGraphStore]) -> None:
    assert_all_written(written[1], writers=4)


def test_a_missing_bucket_is_named_with_its_remedy(options: dict[str, str]) -> None:
    with pytest.raises(StoreError, match="Create it, or correct SVG2_STORE") as raised:
        SceneGraphStore("s3://no-such-bucket/store", storage_options=options).replace(
            "masks", masks("a"), video_ids=["a"]
        )
    assert raised.value.reason == "missing-bucket"
    assert SECRET not in str(raised.value)


def test_an_endpoint_that_does_not_answer_is_reported_soon(options: dict[str, str], tmp_path: Path) -> None:
    options = {**options, "endpoint": "http://127.0.0.1:9", "client_max_retries": "1", "client_retry_timeout": "2"}
    with pytest.raises(StoreError, match="does not answer") as raised:
        SceneGraphStore("s3://bucket/store", storage_options=options).count("videos")
    assert raised.value.reason == "unreachable"
