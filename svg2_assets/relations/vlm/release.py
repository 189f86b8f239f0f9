"""Preset `release`: the message, the schema and the reading of the released code, with nothing done to the answer.

One user message of at most 24 frames at full size, each followed by a record in Python's notation with boxes in
pixels, inclusive at both ends; two calls, `temporal` and `spatial`, whose system texts differ: no prefix is shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.calls import Call
from svg2_assets.llm.pictures import data_url
from svg2_assets.llm.prompts import prompt
from svg2_assets.relations.vlm.frames import Window, released_samples
from svg2_assets.relations.vlm.messages import PHASE, PROMPTS, TUPLE_TOKENS, Part, answered_with, image_part, text_part
from svg2_assets.relations.vlm.objects import Listed, list_objects
from svg2_assets.relations.vlm.pictures import masks_at, pictures
from svg2_assets.relations.vlm.schema import released_schema
from svg2_assets.relations.vlm.settings import RelatorSettings
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.trajectories.protocols import TrackingResult

COMPLETION_TOKENS = 8192
CALLS = {"temporal": "", "spatial": Category.SPATIAL.value}
"""Call -> the category of its tuples of four; empty where the tuple names it."""


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """The frames and the objects whose names are not uncertain."""

    window: Window
    listed: tuple[Listed, ...]


def plan(video: Video, tracks: TrackingResult, labels: Sequence[VerifiedLabel]) -> ReleasePlan:
    """What is sent. A name is uncertain when it says so, in lower case, or its parser does."""
    listed = list_objects(video, tracks, labels)
    named = {label.label.object_id: label.label.name for label in labels}
    kept = tuple(o for o in listed if not o.doubtful and "uncertain" not in named.get(o.id, ""))
    return ReleasePlan(Window(released_samples(video)), kept)


def calls(source: FrameSource, planned: ReleasePlan, settings: RelatorSettings) -> Iterator[Call]:
    """Both calls; none without objects."""
    if not planned.listed:
        return
    content = _content(source, planned, quality=settings.shown.quality)
    for which, category in CALLS.items():
        asked = prompt(PROMPTS, f"release_{which}")
        wanted = "spatial" if category else "dynamic"
        yield Call(
            purpose=f"relations.{which}",
            video_id=source.video.id,
            phase=PHASE,
            model=settings.model,
            messages=({"role": "system", "content": asked.text}, {"role": "user", "content": content}),
            prompt_version=asked.version,
            schema=released_schema(),
            schema_name="relationships",
            max_output_tokens=COMPLETION_TOKENS,
            answer_tokens=answered_with(len(planned.listed), wanted, each=TUPLE_TOKENS),
            options={"reasoning_effort": settings.reasoning_effort} if settings.reasoning_effort else {},
        )


def _content(source: FrameSource, planned: ReleasePlan, *, quality: int) -> list[Part]:
    parts: list[Part] = []
    with closing(pictures(source, planned.window.samples, size=None)) as frames:
        for number, (index, pixels) in enumerate(frames):
            record = _record(number, masks_at(planned.listed, index), planned.listed)
            parts += [image_part(data_url(pixels, quality=quality)), text_part(str(record))]
    return parts


def _record(number: int, masks: dict[int, Mask], listed: Sequence[Listed]) -> dict[str, Any]:
    names = {o.id: o.name for o in listed}
    any_mask = next(iter(masks.values()), None)
    return {
        "frame id": number,
        "frame width": any_mask.width if any_mask else "",
        "frame height": any_mask.height if any_mask else "",
        "objects": [{"id": i, "label": names[i], "bbox": _bbox(m)} for i, m in sorted(masks.items())],
    }


def _bbox(mask: Mask) -> list[int]:
    x, y, w, h = (int(v) for v in mask.box)
    return [x, y, x + w - 1, y + h - 1]
