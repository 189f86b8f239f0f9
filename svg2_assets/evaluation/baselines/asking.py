"""The question to a baseline: pictures, boxes, and the form that the answer has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from svg2_assets.evaluation.baselines.showing import PHASE, Picture, Shown
from svg2_assets.llm.calls import Call
from svg2_assets.llm.prompts import Prompt, prompt
from svg2_assets.llm.schemas import strict_record
from svg2_assets.traser.text import Clock, Task

if TYPE_CHECKING:
    from svg2_assets.evaluation.baselines.settings import Baseline

PACKAGE, SCHEMA_NAME = "svg2_assets.evaluation.baselines", "scene_graph"
OBJECT_TOKENS, RELATION_TOKENS, RELATIONS_AN_OBJECT = 35, 18, 1.09
"""Of an answer; relations as in SVG2's cleaned splits (7.16 of 6.55 million)."""
_WANTED = {
    Task.SCENE_GRAPH: "Tell the objects with their attributes, and the relationships.",
    Task.RELATIONSHIPS: "Tell the objects without attributes, and the relationships.",
    Task.ATTRIBUTES: "Tell the objects with their attributes, and no relationships.",
    Task.OBJECTS: "Tell the objects alone, without attributes and relationships.",
}


def the_prompt() -> Prompt:
    """What the model is told."""
    return prompt(PACKAGE, "baseline")


def parts_of(shown: Shown, most: int) -> list[tuple[int, ...]]:
    """Numbers of the objects in each question: as few as hold at most `most`, about equally many in each."""
    count = len(shown.ids)
    questions = -(-count // most)
    return [
        tuple(range(i * count // questions + 1, (i + 1) * count // questions + 1)) for i in range(questions)
    ]  # fmt: skip


def clock_of(shown: Shown) -> Clock:
    """What the whole numbers of an answer stand for: seconds."""
    return Clock.of(shown.video.duration, true_times=True)


def call_for(shown: Shown, numbers: Sequence[int], baseline: Baseline) -> Call:
    """The question about the objects `numbers` of `shown`, which the question numbers from 1."""
    told, detail = the_prompt(), baseline.frames.detail
    content: list[Mapping[str, Any]] = [_text(_head(shown, baseline))]
    for number, picture in enumerate(shown.pictures, 1):
        content += [_text(f"Frame {number}, {picture.time:.2f} s:"), _image(picture, detail)]
    lines = [f"Object {k}: {shown.boxes[n - 1]}" for k, n in enumerate(numbers, 1)]
    content.append(_text("\n".join(("Trajectories:", *lines, "", _WANTED[baseline.task]))))
    relations = RELATION_TOKENS * RELATIONS_AN_OBJECT if baseline.task.tells_relations else 0.0
    return Call(
        purpose="baseline",
        video_id=shown.video.id,
        phase=PHASE,
        model=baseline.model,
        messages=({"role": "system", "content": told.text}, {"role": "user", "content": content}),
        prompt_version=told.version,
        schema=schema_of(len(numbers), baseline.task) if baseline.structured else None,
        schema_name=SCHEMA_NAME,
        max_output_tokens=baseline.max_output_tokens,
        answer_tokens=round((OBJECT_TOKENS + relations) * len(numbers)),
        options=baseline.options,
    )


def schema_of(objects: int, task: Task) -> dict[str, Any]:
    """TRASER's answer form for objects 1 to `objects` as a strict JSON schema.

    Strict schemas know no tuples: that a relationship is a number, a text, a number and spans, in this order, the
    prompt says and the reader checks.
    """
    texts = {"type": "array", "items": {"type": "string"}}
    more = {"attributes": texts} if task.tells_attributes else {}
    entries = [strict_record({f"object {k}": {"type": "string"}, **more}) for k in range(1, objects + 1)]
    spans = {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}
    part = {"anyOf": [{"type": "integer"}, {"type": "string"}, spans]}
    properties: dict[str, Any] = {"objects": {"type": "array", "items": {"anyOf": entries}}}
    if task.tells_relations:
        properties["relationships"] = {"type": "array", "items": {"type": "array", "items": part}}
    return strict_record(properties)


def _head(shown: Shown, baseline: Baseline) -> str:
    last = clock_of(shown).count - 1
    width, height = shown.pictures[0].size
    scale = baseline.boxes.scale
    boxes = f"from 0 to {scale} over width and height" if scale else f"in pixels of pictures of {width} x {height}"
    return (
        f"A video of {shown.video.duration:.2f} s, seconds 0 to {last}; {len(shown.pictures)} of its frames follow. "
        f"Boxes are {boxes}."
    )


def _text(text: str) -> Mapping[str, Any]:
    return {"type": "text", "text": text}


def _image(picture: Picture, detail: str) -> Mapping[str, Any]:
    return {"type": "image_url", "image_url": {"url": picture.url, **({"detail": detail} if detail else {})}}
