"""Calls that turn descriptions into labels: prompt, data, pictures, schema. Pure: nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.quoting import plain
from svg2_assets.llm.calls import Call
from svg2_assets.llm.prompts import Prompt, prompt
from svg2_assets.llm.schemas import strict_record
from svg2_assets.llm.tokens import image_tokens, text_tokens
from svg2_assets.scene.taxonomy import AttributeType

PHASE = "parsed_labels"
FIRST, SECOND = "labels", "labels again"
"""Purposes of calls, as the ledger shows them."""
NAME_CHARACTERS = 80
_ENTRY_TOKENS = 16  # of JSON around a description
RECORD_TOKENS, RECORD_SHARE = 40, 1.25
"""Tokens of an answer for each object: an empty record with its name, and for each token of the description what is
made of it: of 90 tokens eight typed attributes (the median of SVG2's cleaned splits) and four phrases, 112 tokens."""
UPSTREAM_TOKENS, UPSTREAM_SHARE = 20, 0.7
"""The same for the record of the specification, whose attributes are words without types."""
_PICTURE_SAYS = 60  # tokens of a description, where a picture stands for it
_PACKAGE = "svg2_assets.labels"


@dataclass(frozen=True, slots=True)
class Item:
    """One object that is asked about: its description, the whole it belongs to, and its picture as a data URL.

    `rejected` and `because`: the name that a first answer gave and what is wrong with it; empty the first time.
    """

    object_id: int
    description: str
    part_of: int | None = None
    picture: str = ""
    rejected: str = ""
    because: str = ""


def prompt_of(settings: ParserSettings, *, again: bool = False) -> Prompt:
    """The prompt file in force."""
    return prompt(_PACKAGE, "paper" if settings.as_upstream else "again" if again else "parse")


def question(items: Sequence[Item], *, video_id: str, settings: ParserSettings, again: bool = False) -> Call:
    """One call about all `items`; for `paper` and `release` exactly one item."""
    told = prompt_of(settings, again=again)
    document = _upstream_document(items, settings) if settings.as_upstream else _document(items, settings, again=again)
    answer_tokens = min(settings.answer_tokens * len(items) + 200, settings.most_answer_tokens)
    return Call(
        purpose=SECOND if again else FIRST,
        video_id=video_id,
        phase=PHASE,
        model=settings.model_name,
        messages=[{"role": "system", "content": told.text}, {"role": "user", "content": _content(document, items)}],
        prompt_version=told.version,
        schema=UPSTREAM_SCHEMA if settings.as_upstream else schema_of([i.object_id for i in items]),
        schema_name="record" if settings.as_upstream else "records",
        max_output_tokens=settings.upstream_answer_tokens if settings.as_upstream else answer_tokens,
        answer_tokens=answered_with(items, settings),
        options=settings.options,
    )


def batches(items: Sequence[Item], settings: ParserSettings, *, most: int | None = None) -> Iterator[list[Item]]:
    """`items` in order, divided so that no call is over the limits on objects, tokens and pictures.

    A single item that is over the limit on tokens makes a call of its own. Pictures alone make no call more: over the
    limit they are left away, but where there is nothing else to go by. `most`: a lower limit on objects.
    """
    limit = 1 if settings.as_upstream else min(most or settings.objects_per_call, settings.objects_per_call)
    batch: list[Item] = []
    tokens = pictures = 0
    for one in items:
        crowded = bool(one.picture) and pictures >= settings.most_pictures
        item = replace(one, picture="") if crowded and one.description.strip() else one
        cost = tokens_of(item, settings)
        full = len(batch) == limit or tokens + cost > settings.tokens_per_call
        if batch and (full or (crowded and item.picture)):
            yield batch
            batch, tokens, pictures, item = [], 0, 0, one
            cost = tokens_of(item, settings)
        batch.append(item)
        tokens, pictures = tokens + cost, pictures + bool(item.picture)
    if batch:
        yield batch


def tokens_of(item: Item, settings: ParserSettings) -> int:
    """Estimated input tokens that one item adds to a call."""
    text = plain(item.description, limit=settings.description_characters) + item.rejected + item.because
    side = settings.picture_side
    picture = image_tokens(settings.model_name, side, side, "low") if item.picture else 0
    return _ENTRY_TOKENS + text_tokens(text) + picture


def answered_with(items: Sequence[Item], settings: ParserSettings) -> int:
    """About how many tokens an answer about `items` has: what a record says comes from its description."""
    fixed, share = (UPSTREAM_TOKENS, UPSTREAM_SHARE) if settings.as_upstream else (RECORD_TOKENS, RECORD_SHARE)
    told = [text_tokens(plain(i.description, limit=settings.description_characters)) for i in items]
    return round(sum(fixed + share * (tokens or _PICTURE_SAYS) for tokens in told))


def schema_of(ids: Sequence[int]) -> Mapping[str, Any]:
    """The strict JSON schema of records about the objects `ids`."""
    attribute = strict_record({"type": {"type": "string", "enum": [t.value for t in AttributeType]}, "value": _TEXT})
    record = strict_record(
        {
            "id": {"type": "integer", "enum": list(ids)},
            "name": _TEXT,
            "uncertain": {"type": "boolean"},
            "confidence": {"type": "number"},
            "alternatives": _TEXTS,
            "attributes": {"type": "array", "items": attribute},
            "actions": _TEXTS,
            "relationships": _TEXTS,
        }
    )
    return strict_record({"objects": {"type": "array", "items": record}})


_TEXT: Mapping[str, Any] = {"type": "string"}
_TEXTS: Mapping[str, Any] = {"type": "array", "items": _TEXT}
UPSTREAM_SCHEMA: Mapping[str, Any] = strict_record(
    {"object": _TEXT, "attributes": _TEXTS, "relationships": _TEXTS, "actions": _TEXTS}
)
"""The record of the specification: one object, attributes without types."""


def _document(items: Sequence[Item], settings: ParserSettings, *, again: bool) -> Mapping[str, Any]:
    return {"objects": [_entry(item, settings, again=again) for item in items]}


def _entry(item: Item, settings: ParserSettings, *, again: bool) -> Mapping[str, Any]:
    entry: dict[str, Any] = {"id": item.object_id}
    if item.part_of is not None:
        entry["part_of"] = item.part_of
    entry["description"] = plain(item.description, limit=settings.description_characters)
    if again:
        entry |= {"rejected_name": plain(item.rejected, limit=NAME_CHARACTERS), "because": item.because}
    return entry


def _upstream_document(items: Sequence[Item], settings: ParserSettings) -> Mapping[str, Any]:
    if len(items) != 1:
        raise ValueError(f"{settings.preset}: expected one object a call, found {len(items)}")
    return {"description": plain(items[0].description, limit=settings.description_characters)}


def _content(document: Mapping[str, Any], items: Sequence[Item]) -> list[Mapping[str, Any]]:
    # As JSON strings, descriptions cannot end their own quotation.
    parts: list[Mapping[str, Any]] = [{"type": "text", "text": json.dumps(document, ensure_ascii=False)}]
    for item in items:
        if item.picture:
            parts.append({"type": "text", "text": f"Picture of object {item.object_id}:"})
            parts.append({"type": "image_url", "image_url": {"url": item.picture, "detail": "low"}})
    return parts
