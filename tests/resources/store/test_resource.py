from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from resources.store.resource import SceneGraphStoreResource

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")  # fmt: skip


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def test_an_asset_reads_and_writes_through_the_resource(tmp_path: Path) -> None:
    @dg.asset
    def videos(store: SceneGraphStoreResource) -> None:
        store.open().upsert("videos", [{"video_id": "a"}])

    resource = SceneGraphStoreResource(uri=str(tmp_path))
    assert dg.materialize([videos], resources={"store": resource}).success
    assert resource.open().count("videos") == 1


def test_one_store_per_process_and_place(tmp_path: Path) -> None:
    here = SceneGraphStoreResource(uri=str(tmp_path / "a"))
    assert here.open() is SceneGraphStoreResource(uri=str(tmp_path / "a")).open()
    assert here.open() is not SceneGraphStoreResource(uri=str(tmp_path / "b")).open()


def test_credentials_come_from_the_environment_and_show_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDAKIDAKID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush hush")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    resource = SceneGraphStoreResource(uri="s3://bucket/store", region="eu-west-1")
    options = resource._storage_options()
    assert options["aws_secret_access_key"] == "hush hush"
    assert options["endpoint"] == "http://127.0.0.1:9000"
    assert options["allow_http"] == "true"
    assert options["region"] == "eu-west-1"
    for shown in (repr(resource), str(resource.model_dump()), repr(resource.open())):
        assert "hush" not in shown
        assert "AKID" not in shown


def test_what_is_configured_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://elsewhere")
    resource = SceneGraphStoreResource(uri="s3://b/p", endpoint="https://here")
    assert resource._storage_options() == {"endpoint": "https://here"}
    assert SceneGraphStoreResource(uri="./store", endpoint="https://here")._storage_options() == {}


def test_importing_the_resource_does_not_load_lancedb() -> None:
    program = "import sys, resources.store.resource; print('lancedb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
