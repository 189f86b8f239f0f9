"""What the relations of one video cost by preset: calls, images, tokens; `python -m benchmarks.relations_vlm`.

The videos are drawn: tokens depend on sizes, times and numbers of objects, not on what is seen. Image tokens follow
OpenAI's published rules; text tokens are counted as `svg2_assets.llm.tokens` does, without a vocabulary.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from pycocotools import mask as coco

from benchmarks.tables import Table, percent, show, verdict
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.llm.calls import Call
from svg2_assets.llm.tokens import image_size, image_tokens, request_tokens
from svg2_assets.relations.vlm.planning import planned_calls
from svg2_assets.relations.vlm.settings import Preset, RelatorSettings
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

FPS = 10.0
NAMES = ("person", "car", "dog", "cup", "table", "chair", "bicycle", "bag")
COLORS = ("red", "blue", "green", "white", "black")
MOST_CALLS, UPSTREAM_CALLS = 4, 42  # of the whole chain, upstream with one call an object and two for relations
PARSING_CALLS = 1  # of the chain: the names of all objects come from one call
MOST_IMAGE_TOKENS = 0.5  # of preset `release`


@dataclass(frozen=True)
class DrawnVideo:
    """A `FrameSource` of boxes that drift over a ground, with their tracks and labels."""

    seconds: float
    objects: int
    width: int = 1280
    height: int = 720

    @property
    def video(self) -> Video:
        """Its clock and size."""
        count = round(self.seconds * FPS)
        name = f"{self.seconds:g}s-{self.objects}"
        return Video(name, f"{name}.mp4", "", self.width, self.height, FPS, count, count / FPS)

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """All frames."""
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Those of `indices`."""
        rows = height or self.height
        size = (round(self.width * rows / self.height), rows)
        for i in indices:
            pixels = np.full((self.height, self.width, 3), 120, dtype=np.uint8)
            for k in range(self.objects):
                x, y, w, h = (round(v) for v in self._box(k, i))
                pixels[y : y + h, x : x + w] = (37 * k % 255, 91 * k % 255, 53 * k % 255)
            yield Frame(i, i / FPS, np.asarray(cv2.resize(pixels, size), dtype=np.uint8))

    @cached_property
    def tracks(self) -> TrackingResult:
        """One trajectory a box, from its first second on."""
        last = self.video.num_frames
        found = []
        for k in range(self.objects):
            frames = tuple(range(int(k % 3 * FPS * self.seconds / 20), last))
            masks = tuple(self._mask(self._box(k, i)) for i in frames)
            found.append(TrackedObject(k, Trajectory(frames, masks), Origin.SEED, 0.9))
        return TrackingResult(tuple(found))

    @property
    def labels(self) -> tuple[VerifiedLabel, ...]:
        """A name and a colour each."""
        return tuple(
            VerifiedLabel(
                Label(k, NAMES[k % len(NAMES)], 0.9, (Attribute(COLORS[k % len(COLORS)], AttributeType.COLOR),)),
                Verification(),
            )
            for k in range(self.objects)
        )

    def _box(self, k: int, frame: int) -> tuple[float, float, float, float]:
        w, h = 30 + 13 * (k % 9), 40 + 11 * (k % 7)
        x = (150 * k + (k % 5) * 0.4 * frame) % (self.width - w)
        return x, (90 * k) % (self.height - h), w, h

    def _mask(self, box: tuple[float, float, float, float]) -> Mask:
        rle = coco.frPyObjects(np.asarray([[float(round(v)) for v in box]]), self.height, self.width)[0]
        return Mask(self.height, self.width, rle["counts"])


@dataclass(frozen=True, slots=True)
class Cost:
    """Of all calls of one video. `repeated`: input tokens that an earlier call of the video began with,
    too. `seconds`: wall time of making them, pictures drawn included."""

    calls: int
    images: int
    image_tokens: int
    text_tokens: int
    repeated: int
    seconds: float


def cost_of(drawn: DrawnVideo, settings: RelatorSettings) -> Cost:
    """What `settings` make of `drawn`; nothing is sent."""
    began = time.perf_counter()
    calls = list(planned_calls(drawn, drawn.tracks, drawn.labels, settings=settings))
    seconds = time.perf_counter() - began
    images = [size for call in calls for size in _images(call)]
    seen = sum(image_tokens(settings.model, *size, "high") for size in images)
    total = sum(request_tokens(call.model, call.messages, call.schema) for call in calls)
    return Cost(len(calls), len(images), seen, total - seen, _repeated(calls), seconds)


def _images(call: Call) -> list[tuple[int, int]]:
    content = call.messages[-1]["content"]
    return [image_size(p["image_url"]["url"]) or (0, 0) for p in content if p["type"] == "image_url"]


def _repeated(calls: Sequence[Call]) -> int:
    known: set[str] = set()
    repeated = 0
    for call in calls:
        shared = [call.messages[0], {"role": "user", "content": list(call.messages[1]["content"][:-1])}]
        key = json.dumps([shared, call.schema], default=dict)
        if key in known:
            repeated += request_tokens(call.model, shared, call.schema)
        known.add(key)
    return repeated


def tables(model: str) -> list[Table]:
    """Costs by video and preset, and whether the targets are met."""
    videos = (DrawnVideo(5, 12), DrawnVideo(24, 40), DrawnVideo(180, 40))
    found = {(v.video.id, p): cost_of(v, RelatorSettings(preset=p.value, model=model)) for v in videos for p in Preset}
    rows = [
        (video, preset, c.calls, c.images, c.image_tokens, c.text_tokens, c.repeated, c.seconds)
        for (video, preset), c in found.items()
    ]
    columns = ("video", "preset", "calls", "images", "image tokens", "text tokens", "repeated prefix", "seconds")
    notes = (
        f"1280x720, {model}; repeated prefix: tokens in that the provider's cache can give at its price",
        "release shows at most 24 frames however long the video is; default and paper show one a second",
    )
    ours, theirs = found["24s-40", Preset.DEFAULT], found["24s-40", Preset.RELEASE]
    calls = ours.calls + PARSING_CALLS
    share = ours.image_tokens / theirs.image_tokens
    targets = [
        (
            "paid calls of the chain",
            f"{calls} (upstream {UPSTREAM_CALLS})",
            f"<= {MOST_CALLS}",
            verdict(calls <= MOST_CALLS),
        ),
        (
            "image tokens against upstream",
            percent(share),
            f"<= {percent(MOST_IMAGE_TOKENS)}",
            verdict(share <= MOST_IMAGE_TOKENS),
        ),
    ]
    return [
        Table("Relations by a vision-language model: cost of one video", columns, rows, notes),
        Table("24 s, 40 objects", ("measure", "default", "target", ""), targets),
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="gpt-5")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    show(tables(given.model), as_json=given.json)


if __name__ == "__main__":
    main()
