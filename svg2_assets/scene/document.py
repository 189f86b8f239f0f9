"""The JSON form of a scene graph, versioned: `svg2-assets/scene-graph/1`.

`write` and `read` are inverse. `read` validates and raises `InvalidSceneDocument`, which lists every place that is
wrong. `json_schema` publishes the form for other programs.
"""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from svg2_assets.scene.errors import InvalidSceneValue, Svg2Error, printable
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

SCHEMA_ID = "svg2-assets/scene-graph/1"
BOX_TOLERANCE = 1.0  # pixels between a stored box and the box of its mask

Unit = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Index = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]


class InvalidSceneDocument(Svg2Error, ValueError):
    """A scene-graph document that cannot be read; the text says where and what is wrong."""


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class VideoForm(_Form):
    """The video; `frame_times` only where the frame rate varies (seconds, one a frame)."""

    id: Name
    uri: str
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
    width: Positive
    height: Positive
    fps: Annotated[float, Field(gt=0)]
    num_frames: Positive
    duration: Annotated[float, Field(gt=0)]
    frame_times: list[float] | None = None


class MaskForm(_Form):
    """COCO RLE: `size` is [height, width], `counts` the compressed string."""

    size: Annotated[list[Positive], Field(min_length=2, max_length=2)]
    counts: str


class TrajectoryForm(_Form):
    """Parallel lists, one entry a visible frame; boxes are [x, y, width, height] in pixels."""

    frames: list[Index]
    boxes: list[Annotated[list[float], Field(min_length=4, max_length=4)]]
    masks: list[MaskForm]


class AttributeForm(_Form):
    """A typed property."""

    value: Name
    type: Annotated[AttributeType, Field(strict=False)]
    confidence: Unit = 1.0


class VerificationForm(_Form):
    """What independent evidence says of the name."""

    verdict: Annotated[Verdict, Field(strict=False)]
    score: Unit


class ObjectForm(_Form):
    """A thing or piece of stuff; `part_of` is the id of the object that it is a part of, null for one of its own."""

    id: Index
    name: Name
    part_of: Index | None = None
    attributes: list[AttributeForm]
    verification: VerificationForm
    trajectory: TrajectoryForm


class RelationForm(_Form):
    """A timed statement; spans are half-open [start, end) in seconds; -1 is the camera."""

    subject: Annotated[int, Field(ge=-1)]
    predicate: Name
    object: Annotated[int, Field(ge=-1)]
    category: Annotated[Category, Field(strict=False)]
    spans: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    confidence: Unit


class SceneGraphForm(_Form):
    """A scene graph document."""

    schema_: Literal["svg2-assets/scene-graph/1"] = Field(alias="schema")
    video: VideoForm
    objects: list[ObjectForm]
    relations: list[RelationForm]
    provenance: dict[str, Any]


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a scene-graph document."""
    schema = SceneGraphForm.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def write(graph: SceneGraph) -> dict[str, Any]:
    """The document of `graph`, ready for `json.dumps`."""
    video = graph.video
    form: dict[str, Any] = {
        "id": video.id,
        "uri": video.uri,
        "sha256": video.sha256,
        "width": video.width,
        "height": video.height,
        "fps": video.fps,
        "num_frames": video.num_frames,
        "duration": video.duration,
    }
    if video.frame_times is not None:
        form["frame_times"] = list(video.frame_times)
    return {
        "schema": SCHEMA_ID,
        "video": form,
        "objects": [_write_object(o) for o in graph.objects],
        "relations": [_write_relation(r) for r in graph.relations],
        "provenance": dict(graph.provenance),
    }


def read(document: str | bytes | dict[str, Any]) -> SceneGraph:
    """The graph in `document` (JSON text or the parsed form). Raises `InvalidSceneDocument`."""
    parsed = parse(document) if isinstance(document, str | bytes) else document
    try:
        form = SceneGraphForm.model_validate(parsed)
    except ValidationError as error:
        raise InvalidSceneDocument(_places(error)) from error
    try:
        return _read(form)
    except InvalidSceneValue as error:
        raise InvalidSceneDocument(str(error)) from error


def parse(text: str | bytes) -> Any:
    """What JSON text says, whatever it is. Raises `InvalidSceneDocument` with the line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidSceneDocument(f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise InvalidSceneDocument("not JSON: nested too deeply") from error
    except ValueError as error:  # bytes that are no text, integers of thousands of digits
        raise InvalidSceneDocument(f"not JSON: {error}") from error


def _places(error: ValidationError, most: int = 20) -> str:
    lines = [
        f"{_path(e['loc'])}: {e['msg']} (found {printable(repr(e['input']), limit=60)})" for e in error.errors()[:most]
    ]
    more = error.error_count() - most
    return "not a scene-graph document:\n  " + "\n  ".join(lines) + (f"\n  and {more} more" if more > 0 else "")


def _path(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in loc).lstrip(".") or "document"


def _write_object(o: SceneObject) -> dict[str, Any]:
    return {
        "id": o.id,
        "name": o.name,
        "part_of": o.part_of,
        "attributes": [
            {"value": a.value, "type": a.type.value, "confidence": round(a.confidence, 4)} for a in o.attributes
        ],
        "verification": {"verdict": o.verification.verdict.value, "score": round(o.verification.score, 4)},
        "trajectory": {
            "frames": list(o.trajectory.frames),
            "boxes": o.trajectory.boxes.tolist(),
            "masks": [m.to_json() for m in o.trajectory.masks],
        },
    }


def _write_relation(r: Relation) -> dict[str, Any]:
    return {
        "subject": r.subject,
        "predicate": r.predicate,
        "object": r.object,
        "category": r.category.value,
        "spans": r.spans.to_json(),
        "confidence": round(r.confidence, 4),
    }


def _read(form: SceneGraphForm) -> SceneGraph:
    fields = form.video.model_dump()
    times = fields.pop("frame_times")
    return SceneGraph(
        video=Video(**fields, frame_times=tuple(times) if times is not None else None),
        objects=tuple(_read_object(o, f"objects[{i}]") for i, o in enumerate(form.objects)),
        relations=tuple(_read_relation(r, f"relations[{i}]") for i, r in enumerate(form.relations)),
        provenance=MappingProxyType(form.provenance),
    )


def _read_object(form: ObjectForm, where: str) -> SceneObject:
    given = form.trajectory
    if len(given.frames) != len(given.masks) or len(given.frames) != len(given.boxes):
        raise InvalidSceneValue(
            f"{where}.trajectory: {len(given.frames)} frames, {len(given.boxes)} boxes, {len(given.masks)} masks"
        )
    read_masks: list[Mask] = []
    for i, (mask, box) in enumerate(zip(given.masks, given.boxes, strict=True)):
        place = f"{where}.trajectory.masks[{i}]"
        try:
            one = Mask.from_json(mask.model_dump())
        except InvalidSceneValue as error:
            raise InvalidSceneValue(f"{place}: {error}") from error
        if max(abs(a - b) for a, b in zip(one.box, box, strict=True)) > BOX_TOLERANCE:
            raise InvalidSceneValue(f"{place}: its box is {list(one.box)}, the document says {box}")
        read_masks.append(one)
    try:
        trajectory = Trajectory(tuple(given.frames), tuple(read_masks))
    except InvalidSceneValue as error:
        raise InvalidSceneValue(f"{where}.trajectory: {error}") from error
    return SceneObject(
        id=form.id,
        name=form.name,
        trajectory=trajectory,
        attributes=tuple(Attribute(a.value, a.type, a.confidence) for a in form.attributes),
        verification=Verification(form.verification.verdict, form.verification.score),
        part_of=form.part_of,
    )


def _read_relation(form: RelationForm, where: str) -> Relation:
    try:
        spans = Spans.of(form.spans)
    except InvalidSceneValue as error:
        raise InvalidSceneValue(f"{where}.spans: {error}") from error
    return Relation(form.subject, form.predicate, form.object, form.category, spans, form.confidence)
