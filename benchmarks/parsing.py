"""Label parsing by a language model: calls, tokens and money a video, by preset and number of objects.

The real gateway against the local server of OpenAI's protocol. Descriptions have the length of DAM's, a seventh of them
is in doubt; the answers are scripted at the length that models write, a tenth of the first names cannot stand.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.tables import Table, show, verdict
from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from resources.openai_models.parser import OpenAIParser
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.parser_settings import PRESETS, ParserSettings
from svg2_assets.llm.calls import Answer, Call, Outcome
from svg2_assets.llm.tokens import request_tokens
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

OBJECTS = (8, 40, 200)
WIDTH, HEIGHT, FPS, FRAMES = 854, 480, 24.0, 24 * 24
MOST_CALLS = 2  # with two calls for relations, a video of 40 objects is to cost at most four
DOUBTFUL, FAULTY = 7, 10  # every so many objects

_CLEAR = (
    "A young woman with long dark hair wears a red sleeveless top, light blue jeans with a torn knee and white "
    "sneakers. She walks from the left side of the frame to the right, swinging her arms, turns her head towards "
    "the camera once and smiles. A small brown leather bag hangs from her left shoulder. This is person number {}"
    " of the scene.",
    "A medium-sized dog with short brown fur, a white chest and a black muzzle runs over the grass. Its ears "
    "flap, its tail is raised, and it wears a blue collar with a metal tag. It slows down near the end of the "
    "video, turns around and looks back. This is dog number {} of the scene.",
    "A rectangular wooden dining table with four straight legs and a glossy light brown top. Its edges are "
    "rounded and slightly worn. The table stands still throughout the video; a white cup and a folded newspaper "
    "lie on it. This is table number {} of the scene.",
)
_UNCLEAR = (
    "A rectangular object with a dark, slightly reflective surface and rounded corners. It appears to be part of "
    "a larger structure and does not move through the video; light falls on its upper edge. This is object number"
    " {} of the scene."
)


@dataclass(frozen=True, slots=True)
class StillClip:
    """A `FrameSource` of one textured picture."""

    video: Video

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """Every frame."""
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Frames of `indices`."""
        noise = np.random.default_rng(0).integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
        pixels = np.asarray(cv2.resize(noise, (WIDTH, height or HEIGHT)), dtype=np.uint8)
        for index in indices:
            yield Frame(index, index / FPS, pixels)


@dataclass(slots=True)
class Counting:
    """The gateway, with what went through it."""

    gateway: LlmGateway
    calls: list[Call] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    def ask(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        """Pass on and count."""
        answers = self.gateway.ask(calls)
        self.calls.extend(calls)
        self.answers.extend(answers)
        return answers


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.parsing", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    with _server() as url, tempfile.TemporaryDirectory() as folder:
        rows = [_row(preset, count, url, Path(folder)) for preset in PRESETS for count in OBJECTS]
    columns = ("preset", "objects", "model", "calls", "paid", "tokens in", "of images", "estimate in", "tokens out")
    ours = next(row for row in rows if row[:2] == ("default", 40))
    table = Table(
        "Label parsing of one video",
        (*columns, "cents", "named"),
        rows,
        notes=(
            f"at most {MOST_CALLS} calls for 40 objects: {verdict(ours[4] <= MOST_CALLS)} ({ours[4]})",
            "calls: asked of the gateway; paid: as the server counted them; estimate: input tokens of the calls that "
            "are known before the first answer",
        ),
    )
    show([table], as_json=options.json)
    return 0


def _row(preset: str, count: int, url: str, folder: Path) -> tuple[Any, ...]:
    settings = ParserSettings(preset=preset)
    described, tracks, source = _scene(count)
    before = _paid(url)
    made = GatewaySettings(
        journal=folder / f"{preset}-{count}", base_url=url, key_variable="", tokens_per_minute=None,
        requests_per_minute=None,
    )  # fmt: skip
    with LlmGateway(made) as gateway:
        counting = Counting(gateway)
        backend = OpenAIParser(settings, counting)
        planned = backend.planned_calls(described, source=source, tracks=tracks)
        _script(url, planned, count)
        labels = backend.parse(described, source=source, tracks=tracks)
    assert all(a.outcome is Outcome.OK for a in counting.answers), [a.reason for a in counting.answers]
    used = [a.usage for a in counting.answers]
    return (
        preset,
        count,
        settings.model_name,
        len(counting.calls),
        _paid(url) - before,
        sum(u.tokens_in for u in used),
        sum(_image_tokens(c) for c in counting.calls),
        sum(request_tokens(c.model, c.messages, c.schema) for c in planned),
        sum(u.tokens_out for u in used),
        100 * sum(a.money for a in counting.answers),
        sum(not label.uncertain for label in labels),
    )


def _image_tokens(call: Call) -> int:
    texts = [
        m if isinstance(m["content"], str) else {**m, "content": [p for p in m["content"] if p["type"] == "text"]}
        for m in call.messages
    ]
    return request_tokens(call.model, call.messages) - request_tokens(call.model, texts)


def _scene(count: int) -> tuple[list[Description], TrackingResult, StillClip]:
    texts = [(_UNCLEAR if i % DOUBTFUL == 3 else _CLEAR[i % len(_CLEAR)]).format(i) for i in range(count)]
    objects = [
        TrackedObject(i, Trajectory((0,), (_box(i),)), Origin.SEED, 0.9) for i in range(count)
    ]  # one frame is enough for a picture
    video = Video("v1", "made.mp4", "0" * 64, WIDTH, HEIGHT, FPS, FRAMES, FRAMES / FPS)
    return [Description(i, t) for i, t in enumerate(texts)], TrackingResult(tuple(objects)), StillClip(video)


def _box(number: int) -> Mask:
    x, y = 20 + number * 37 % 600, 20 + number * 23 % 300
    return Mask.from_box((x, y, 60 + number % 90, 90), height=HEIGHT, width=WIDTH)


def _script(url: str, planned: Sequence[Call], count: int) -> None:
    """Answers for the first calls by their ids, for the second question, and for the presets."""
    faulty = [_record(i, "table") for i in range(count) if i % FAULTY == 5]
    rules = [{"text": '"rejected_name"', "schema": "^records$", "answer": {"value": {"objects": faulty}}}]
    for call in planned:
        if call.schema is not None and "objects" in call.schema["properties"]:
            ids = call.schema["properties"]["objects"]["items"]["properties"]["id"]["enum"]
            value = {"objects": [_record(i, _name(i)) for i in ids]}
            rules.append({"text": f'"id": {ids[0]}, "desc', "answer": {"value": value}})
    said = _record(0, "woman")
    words = {"object": "woman", "attributes": [a["value"] for a in said["attributes"]]}
    upstream = words | {"relationships": said["relationships"], "actions": said["actions"]}
    rules.append({"schema": "^record$", "answer": {"value": upstream}})
    _post(url, "script", {"rules": rules})


def _name(number: int) -> str:
    return "rectangular object" if number % FAULTY == 5 else ("woman", "dog", "dining table")[number % 3]


def _record(number: int, name: str) -> dict[str, Any]:
    kinds = (("color", "dark brown"), ("material", "leather"), ("size", "small"), ("pattern", "striped"))
    more = (("part", "white chest"), ("state", "slightly worn"), ("pose", "upright"))
    return {
        "id": number,
        "name": name,
        "uncertain": False,
        "confidence": 0.92,
        "alternatives": [],
        "attributes": [{"type": kind, "value": value} for kind, value in (*kinds, *more)],
        "actions": ["walks to the right", "turns its head"],
        "relationships": ["on the grass", "next to a table"],
    }


@contextmanager
def _server() -> Iterator[str]:
    command = [
        sys.executable,
        "-m",
        "resources.devserver",
        "--rpm",
        "1000000",
        "--tpm",
        "1000000000",
        "--no-idempotency",
    ]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["base_url"]
    finally:
        process.terminate()
        process.wait(timeout=30)


def _get(url: str, name: str) -> Any:
    with urllib.request.urlopen(f"{url.removesuffix('/v1')}/_svg2/{name}", timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def _paid(url: str) -> int:
    return len([entry for entry in _get(url, "log")["entries"] if entry["paid"]])


def _post(url: str, name: str, value: Any) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{url.removesuffix('/v1')}/_svg2/{name}", data=json.dumps(value).encode(), method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        answer.read()


if __name__ == "__main__":
    raise SystemExit(main())
