"""Phases that ask models, under Dagster: what is missing is told before any tracking, and a range asks in one batch."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from resources.store.store import SceneGraphStore
from tests import command
from tests.devserver import DevServer, dev_server
from tests.media_factory import write_video

ROOT = Path(__file__).parents[2]
STREET = ROOT / "tests" / "clips" / "vtest_200_499.mp4"
KEY = "sk-secret-of-the-test"


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with dev_server() as running:
        yield running


def svg2(home: Path, *arguments: str | Path, **variables: object) -> subprocess.CompletedProcess[str]:
    """The command with settings `variables`; what is no text is written as JSON."""
    settings = {k: v if isinstance(v, str) else json.dumps(v) for k, v in variables.items()}
    environment = {k: v for k, v in os.environ.items() if k != "OPENAI_API_KEY"}
    return command.svg2(*arguments, environment={**environment, "SVG2_HOME": str(home), **settings})


def street(path: Path, *, first: int, frames: int) -> Path:
    """A piece of a real clip."""
    with av.open(str(STREET)) as read, av.open(str(path), "w") as written:
        size = read.streams.video[0]
        stream = written.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = size.width, size.height, "yuv420p"
        for number, frame in enumerate(read.decode(video=0)):
            if first <= number < first + frames:
                pixels = frame.to_ndarray(format="rgb24")
                written.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        written.mux(stream.encode())
    return path


def flat(done: subprocess.CompletedProcess[str]) -> str:
    """What it printed, without line breaks."""
    return " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("what", ["no key", "a refused key", "no server", "no DAM", "no weights"])
def test_what_is_missing_is_told_once_before_anything_is_tracked(tmp_path: Path, server: DevServer, what: str) -> None:
    clips = [write_video(tmp_path / f"{frames}.mp4", frames=frames) for frames in (6, 7)]
    llm = {"base_url": "http://127.0.0.1:9/v1" if what == "no server" else server.base_url}
    settings: dict[str, object] = {"SVG2_PROFILE": "vision", "SVG2_LLM": llm}
    if what != "no key":
        settings["OPENAI_API_KEY"] = KEY
    if what == "no DAM":
        settings |= {"SVG2_ROLES": {"describer": "svg2"}, "SVG2_DESCRIBER": {"base_url": "http://127.0.0.1:9"}}
    if what == "no weights":
        settings |= {"SVG2_ROLES": {"verifier": "svg2"}, "SVG2_VERIFIER": {"model": {"checkpoint": "/nowhere/sam3"}}}
    server.accept_keys(*(["sk-another"] if what == "a refused key" else []))
    done = svg2(tmp_path / "home", "annotate", *clips, **settings)
    server.reset()
    said = {
        "no key": "OPENAI_API_KEY",
        "a refused key": "does not accept the key in OPENAI_API_KEY",
        "no server": "127.0.0.1:9 does not answer",
        "no weights": "/nowhere/sam3",
        "no DAM": "DAM's server at http://127.0.0.1:9 cannot be reached",
    }[what]
    assert done.returncode == 1, flat(done)
    assert flat(done).count(said) == 1
    assert KEY not in done.stdout + done.stderr
    store = SceneGraphStore(str(tmp_path / "home" / "store"))
    assert store.count("trajectories") == 0
    assert not store.read("phase_state", where={"phase": "trajectories"}).height


@pytest.mark.slow
def test_a_range_asks_in_one_batch_a_phase_and_pays_no_call_twice(tmp_path: Path, server: DevServer) -> None:
    clips = [street(tmp_path / f"{first}.mp4", first=first, frames=12) for first in (0, 150)]
    settings: dict[str, object] = {
        "SVG2_PROFILE": "vision",
        "SVG2_LLM": {"base_url": server.base_url, "transport": "batch", "batch_poll": 0.2},
        "OPENAI_API_KEY": KEY,
    }
    before = server.count()
    done = svg2(tmp_path / "home", "annotate", *clips, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    count = server.count()
    assert count["paid"].get("sync", 0) == before["paid"].get("sync", 0)
    assert count["repeated"] == before["repeated"]
    store = SceneGraphStore(str(tmp_path / "home" / "store"))
    calls = store.read("llm_calls").to_dicts()
    assert len(calls) == sum(count["paid"].values()) - sum(before["paid"].values())
    prompts = {r["prompt_version"] for r in store.read("relations").to_dicts()}
    assert all(prompts)
    again = svg2(tmp_path / "home", "refresh", **settings)
    assert again.returncode == 0, again.stdout + again.stderr
    assert server.count()["paid"] == count["paid"]


@pytest.mark.slow
def test_a_single_video_does_not_wait_for_a_batch(tmp_path: Path, server: DevServer) -> None:
    alone = street(tmp_path / "alone.mp4", first=80, frames=12)
    llm = {"base_url": server.base_url, "transport": "batch", "batch_poll": 0.2}
    before = server.count()["paid"]
    done = svg2(tmp_path / "home", "annotate", alone, SVG2_PROFILE="vision", SVG2_LLM=llm, OPENAI_API_KEY=KEY)
    assert done.returncode == 0, done.stdout + done.stderr
    after = server.count()["paid"]
    assert after["sync"] > before.get("sync", 0)
    assert after.get("batch", 0) == before.get("batch", 0)
