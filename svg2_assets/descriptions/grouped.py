"""Describing with any model that sees pictures: several objects a call, the answer structured by object id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from svg2_assets.descriptions.asking import MOST_CHARACTERS, why
from svg2_assets.descriptions.gallery import Gallery, View
from svg2_assets.descriptions.masking import at_size
from svg2_assets.descriptions.pictures import outlined, surroundings
from svg2_assets.descriptions.protocols import Description
from svg2_assets.llm.calls import Answer, Call
from svg2_assets.llm.cleaning import cleaned
from svg2_assets.llm.pictures import data_url, fitted
from svg2_assets.llm.prompts import Prompt, prompt
from svg2_assets.scene.masks import BoolArray
from svg2_assets.scene.video import Pixels

NOT_ANSWERED = "the model's answer leaves this object out"
QUALITY = 90  # JPEG
MOST_NAME, MOST_ACTION, MOST_ACTIONS = 80, 120, 12
OUTPUT_TOKENS = 250  # that the answer about one object takes at most, with room to spare
ANSWER_TOKENS = 120  # that it usually takes: two to four sentences, a name, an action or two
FIXED_TOKENS = 2000  # that a model may think before it answers


@dataclass(frozen=True, slots=True)
class GroupRule:
    """How objects are put into calls.

    At most `objects` and `images` a call. Each object has one whole frame of `whole` pixels (its longer side) and one
    picture up close a view, of `close` pixels, that shows `context` times its box; small ones are enlarged, at most
    `enlarge` times.
    """

    objects: int = 8
    images: int = 40
    whole: int = 512
    close: int = 384
    context: float = 1.6
    enlarge: float = 3.0
    detail: str = "auto"

    def __post_init__(self) -> None:
        if (
            self.objects < 1
            or self.images < 2
            or min(self.whole, self.close) < 32
            or min(self.context, self.enlarge) < 1
        ):
            raise ValueError(
                "objects >= 1, images >= 2, whole and close >= 32 pixels, context and enlarge >= 1 are needed"
            )


def the_prompt() -> Prompt:
    """What the model is told."""
    return prompt("svg2_assets.descriptions", "grouped")


def groups(gallery: Gallery, ids: Iterable[int], rule: GroupRule) -> list[tuple[int, ...]]:
    """`ids` in order, in as few groups as the limits allow; an object with too many images goes alone."""
    made: list[tuple[int, ...]] = []
    group, images = list[int](), 0
    for object_id in ids:
        count = len(gallery.frames[object_id]) + 1
        if group and (len(group) == rule.objects or images + count > rule.images):
            made.append(tuple(group))
            group, images = [], 0
        group.append(object_id)
        images += count
    return [*made, tuple(group)] if group else made


def call_for(gallery: Gallery, ids: Sequence[int], *, model: str, rule: GroupRule, options: Mapping[str, Any]) -> Call:
    """The call that describes the objects `ids` of one video."""
    told = the_prompt()
    content = [part for object_id in ids for part in _parts(gallery, object_id, rule)]
    return Call(
        purpose="describe",
        video_id=gallery.video.id,
        phase="descriptions",
        model=model,
        messages=[{"role": "system", "content": told.text}, {"role": "user", "content": content}],
        prompt_version=told.version,
        schema=schema_of(ids),
        schema_name="descriptions",
        max_output_tokens=FIXED_TOKENS + OUTPUT_TOKENS * len(ids),
        answer_tokens=ANSWER_TOKENS * len(ids),
        options=options,
    )


def schema_of(ids: Sequence[int]) -> dict[str, Any]:
    """The strict schema of an answer about `ids`."""
    fields: dict[str, Any] = {
        "id": {"type": "integer", "enum": list(ids)},
        "description": {"type": "string"},
        "name": {"type": "string"},
        "doubtful": {"type": "boolean"},
        "actions": {"type": "array", "items": {"type": "string"}},
    }
    item = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
    return {
        "type": "object",
        "properties": {"objects": {"type": "array", "items": item}},
        "required": ["objects"],
        "additionalProperties": False,
    }


def read(gallery: Gallery, ids: Sequence[int], answer: Answer) -> dict[int, Description]:
    """A description of each of `ids`: what `answer` says of it first, or why it says nothing.

    Of an answer that was cut off counts what was salvaged. Ids that were not asked for are passed over.
    """
    found: dict[int, Description] = {}
    items = answer.value.get("objects") if isinstance(answer.value, Mapping) else None
    for item in items if isinstance(items, list) else []:
        object_id = item.get("id") if isinstance(item, Mapping) else None
        if not isinstance(object_id, int) or object_id not in ids or object_id in found:
            continue
        if text := written(item):
            found[object_id] = Description(object_id, text, gallery.frames[object_id])
    reason = NOT_ANSWERED if isinstance(items, list) else why(answer)
    missing = {i: Description(i, "", gallery.frames[i], reason=reason) for i in ids if i not in found}
    return {**found, **missing}


def written(item: Mapping[str, Any]) -> str:
    """One item of an answer as text: the description, then name, actions and doubt where they are given, a line each.

    "" where the description is missing.
    """
    text = cleaned(str(item.get("description") or ""), limit=MOST_CHARACTERS - MOST_NAME - MOST_ACTIONS * MOST_ACTION)
    if not text:
        return ""
    name = cleaned(str(item.get("name") or ""), limit=MOST_NAME)
    given = item.get("actions")
    actions = [cleaned(str(a), limit=MOST_ACTION) for a in given[:MOST_ACTIONS]] if isinstance(given, list) else []
    said = "; ".join(a for a in actions if a)
    lines = [text, f"Name: {name}" if name else "", f"Actions: {said}" if said else ""]
    lines.append("The name is doubtful." if item.get("doubtful") is True else "")
    return "\n".join(line for line in lines if line)


def _parts(gallery: Gallery, object_id: int, rule: GroupRule) -> list[dict[str, Any]]:
    views = tuple(gallery.views(object_id))
    largest = max(views, key=lambda view: (int(view.mask.sum()), -view.frame))
    times = ", ".join(f"{view.time:.2f} s" for view in views)
    kind = " It covers much of the picture and may be ground, wall or sky." if gallery.stuff[object_id] else ""
    heading = f"Object {object_id}: the whole frame at {largest.time:.2f} s, then up close at {times}.{kind}"
    whole = _drawn(largest.pixels, largest.mask, rule.whole, enlarge=1.0)
    pictures = [whole, *(_close(view, rule) for view in views)]
    return [{"type": "text", "text": heading}, *(_image(p, rule.detail) for p in pictures)]


def _close(view: View, rule: GroupRule) -> Pixels:
    crop = surroundings(view.mask, context=rule.context, least=48)
    return _drawn(view.pixels[crop], view.mask[crop], rule.close, enlarge=rule.enlarge)


def _drawn(pixels: Pixels, mask: BoolArray, side: int, *, enlarge: float) -> Pixels:
    """`pixels` at their size in the call, the line drawn last: scaling would thin it out."""
    small = fitted(pixels, side, enlarge=enlarge)
    return outlined(small, at_size(mask, *small.shape[:2]))


def _image(pixels: Pixels, detail: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_url(pixels, quality=QUALITY), "detail": detail}}
