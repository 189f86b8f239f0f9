"""Where weights come from, and what is said when they do not come."""

from __future__ import annotations

import json
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch

from resources.profiles import BackendsResource
from resources.sam3 import building
from resources.sam3.building import build
from resources.sam3.errors import CheckpointError
from resources.sam3.phase import Sam3Verifier
from resources.sam3.settings import FollowSettings, ModelSettings, UnusableSetting
from resources.sam3.tracker import Sam3ConceptTracker
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.settings import from_environment
from tests.forking import forks
from tests.resources.sam3.scene import RANDOM, clip, tracker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint in the form of the released one."""
    path = tmp_path_factory.mktemp("weights") / "sam3"
    model, processor = build(RANDOM)
    model.save_pretrained(path)
    processor.save_pretrained(path)
    return path


def of(folder: Path | str, **more: object) -> ModelSettings:
    return ModelSettings(**{"checkpoint": str(folder), "image_size": 112, "device": "cpu", **more})  # type: ignore[arg-type]


def test_a_folder_loads_with_its_own_weights_and_finds_what_they_find(folder: Path) -> None:
    loaded, drawn = build(of(folder))[0], build(RANDOM)[0]
    assert all(torch.equal(value, drawn.state_dict()[name]) for name, value in loaded.state_dict().items())
    settings = FollowSettings(least_score=0.0, new_score=0.0, nms=0.9)
    found = list(Sam3ConceptTracker(of(folder), settings).follow(clip(), ["dog"], [0, 5]))
    assert found == list(tracker().follow(clip(), ["dog"], [0, 5]))


def test_a_folders_name_is_its_content(folder: Path, tmp_path: Path) -> None:
    name, _, revision = Sam3ConceptTracker(of(folder)).model_id.partition("@")
    assert (name, len(revision)) == ("sam3", 8)
    copy = shutil.copytree(folder, tmp_path / "other")
    assert Sam3ConceptTracker(of(copy)).model_id == f"sam3@{revision}"


def test_random_weights_leave_the_process_alone() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    build(RANDOM)
    assert torch.equal(torch.rand(3), expected)
    assert building.model_id(RANDOM) == "sam3-tiny@random-0"


def test_bfloat16_is_the_models_dtype_where_it_is_asked_for() -> None:
    model, _ = build(ModelSettings(random_weights=True, image_size=112, device="cpu", dtype="bfloat16"))
    assert model.dtype == torch.bfloat16


def test_a_missing_folder_says_how_to_get_it() -> None:
    for settings in (of("/nowhere/sam3"), of("weights")):
        with pytest.raises(CheckpointError) as caught:
            build(settings)
        assert isinstance(caught.value, UnusableBackend)
        text = str(caught.value)
        assert settings.checkpoint in text
        assert "hf download facebook/sam3 --local-dir sam3" in text
        assert """SVG2_VERIFIER='{"model": {"checkpoint": "/path/to/sam3"}}'""" in text
        with pytest.raises(CheckpointError):
            _ = Sam3ConceptTracker(settings).model_id


def test_an_empty_folder_and_another_model(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="holds no weights"):
        build(of(tmp_path))
    other = shutil.copytree(folder, tmp_path / "other")
    (other / "config.json").write_text(json.dumps({"model_type": "clip"}))
    with pytest.raises(CheckpointError, match="a model of kind 'clip'"):
        build(of(other))


def test_weights_that_are_missing_or_cut_short(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    damaged = shutil.copytree(folder, tmp_path / "damaged")
    weights = load_file(damaged / "model.safetensors")
    lost = next(name for name in weights if "mask_decoder" in name)
    save_file({k: v for k, v in weights.items() if k != lost}, damaged / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=f"lacks 1 weights of the model, such as {lost}"):
        build(of(damaged))
    (damaged / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        build(of(damaged))


def ask() -> None:
    """In a process of its own: say what building says."""
    try:
        build(ModelSettings(device="cpu"))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the test asks for
        sys.stdout.write(f"{type(error).__name__} {error}\n")


Answers = dict[str, Any]


@contextmanager
def hub(answers: Answers) -> Iterator[str]:
    """A Hub that gives everyone the same answer: the `status` and `headers` that are in `answers` now."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(answers["status"])
            for name, value in answers["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def asked_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[int, dict[str, str]], str]]:
    """What is said, in a process each time, when the Hub answers so: its client reads the address on import."""
    answers: Answers = {}
    home = str(tmp_path_factory.mktemp("hub"))
    with hub(answers) as at:
        environment = {"HF_ENDPOINT": at, "HF_HOME": home, "HF_HUB_DOWNLOAD_TIMEOUT": "5"}
        with forks("tests.resources.sam3.test_loading", environment) as started:

            def said(status: int, headers: dict[str, str]) -> str:
                answers.update(status=status, headers=headers)
                done = started.call("tests.resources.sam3.test_loading:ask")
                assert done.returncode == 0, done.stderr
                return done.stdout

            yield said


Asked = Callable[[int, dict[str, str]], str]


def test_access_that_was_not_granted_says_what_to_do(asked_of: Asked) -> None:
    told = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to model facebook/sam3 is restricted"}
    said = asked_of(403, told)
    assert said.startswith("CheckpointError SAM 3: access to facebook/sam3 was not granted")
    assert "hf auth login" in said


def test_a_model_that_is_not_there_says_how_to_get_it(asked_of: Asked) -> None:
    said = asked_of(404, {"X-Error-Code": "RepoNotFound"})
    assert said.startswith("CheckpointError SAM 3: facebook/sam3 cannot be loaded (OSError)")
    assert "hf download facebook/sam3" in said


def test_settings_from_the_environment_reach_every_part() -> None:
    given = {
        "model": {"image_size": 504},
        "follow": {"nms": 0.5},
        "rule": {"policy": {"accept": 0.7}, "windows": {"rate": 1.0}},
    }
    backends = BackendsResource.of(from_environment({"SVG2_PROFILE": "svg2", "SVG2_VERIFIER": json.dumps(given)}))
    config = backends.verifier.config
    assert (config["tracker"]["image_size"], config["tracker"]["nms"]) == (504, 0.5)
    assert (config["rule"]["policy"]["accept"], config["rule"]["windows"]["rate"]) == (0.7, 1.0)
    assert isinstance(backends.verifier, Sam3Verifier)
    assert backends.verifier.model_id == "facebook/sam3"
    assert json.loads(json.dumps(config)) == config
    backends.release("verifier")


def test_unusable_settings_are_refused() -> None:
    for given in ({"image_size": 1000}, {"dtype": "int8"}, {"device": "tpu"}, {"checkpoint": " "}):
        with pytest.raises(UnusableSetting):
            ModelSettings(**given)  # type: ignore[arg-type]
    for follow in ({"least_score": 2.0}, {"concepts_per_pass": 0}, {"most_objects": 0}):
        with pytest.raises(UnusableSetting):
            FollowSettings(**follow)  # type: ignore[arg-type]
