"""The scene graph of one video, as a validated value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from svg2_assets.scene import parts
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, AttributeType, Category, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class Attribute:
    """One typed property of an object, with the confidence of whoever claims it (0..1)."""

    value: str
    type: AttributeType
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Verification:
    """What independent evidence says of the name: a verdict and a score (0..1)."""

    verdict: Verdict = Verdict.UNVERIFIED
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class SceneObject:
    """One thing or piece of stuff: `id` is unique within its video and never reused.

    `part_of` is the id of the object that it is a part of, None for a thing of its own.
    """

    id: int
    name: str
    trajectory: Trajectory
    attributes: tuple[Attribute, ...] = ()
    verification: Verification = Verification()
    part_of: int | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """A timed statement `subject predicate object`; -1 stands for the camera."""

    subject: int
    predicate: str
    object: int
    category: Category
    spans: Spans
    confidence: float = 1.0

    @property
    def key(self) -> tuple[int, str, int]:
        """What makes two relations the same statement."""
        return self.subject, self.predicate, self.object


@dataclass(frozen=True, slots=True)
class SceneGraph:
    """Objects and relations of one video. The constructor raises `InvalidSceneValue` naming the first thing wrong."""

    video: Video
    objects: tuple[SceneObject, ...] = ()
    relations: tuple[Relation, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        ids = [o.id for o in self.objects]
        wrong = (
            *_wrong_objects(self.video, self.objects),
            *_wrong_parts(self.objects, set(ids)),
            *_wrong_relations(self.relations, set(ids)),
        )
        for problem in wrong:
            raise InvalidSceneValue(f"scene graph of {self.video.id}: {problem}")

    def object(self, object_id: int) -> SceneObject:
        """The object with this id; `KeyError` when there is none."""
        for candidate in self.objects:
            if candidate.id == object_id:
                return candidate
        raise KeyError(object_id)

    @property
    def levels(self) -> dict[int, int]:
        """Object id -> 1 (whole), 2 (part), 3 (part of a part), and so on."""
        return parts.levels_of({o.id: o.part_of for o in self.objects})


def _wrong_objects(video: Video, objects: tuple[SceneObject, ...]) -> list[str]:
    wrong: list[str] = []
    seen: set[int] = set()
    for i, o in enumerate(objects):
        where = f"objects[{i}] (id {o.id})"
        if o.id < 0:
            wrong.append(f"{where}: ids start at 0; {CAMERA_ID} is the camera and not an object")
        if o.id in seen:
            wrong.append(f"{where}: id is used twice")
        seen.add(o.id)
        if not o.name.strip():
            wrong.append(f"{where}: name is empty")
        if o.trajectory.frames and o.trajectory.frames[-1] >= video.num_frames:
            wrong.append(f"{where}: frame {o.trajectory.frames[-1]} is outside a video of {video.num_frames} frames")
        sizes = {(m.height, m.width) for m in o.trajectory.masks}
        if sizes - {(video.height, video.width)}:
            wrong.append(f"{where}: masks of size {sorted(sizes)} in a video of {(video.height, video.width)} (H, W)")
        wrong += [f"{where}: {problem}" for problem in _wrong_claims(o)]
    return wrong


def _wrong_claims(o: SceneObject) -> list[str]:
    wrong = [f"attribute {a} has a confidence outside 0..1" for a in o.attributes if not 0 <= a.confidence <= 1]
    if not 0 <= o.verification.score <= 1:
        wrong.append(f"verification score {o.verification.score} is outside 0..1")
    return wrong


def _wrong_parts(objects: tuple[SceneObject, ...], ids: set[int]) -> list[str]:
    places = {o.id: f"objects[{i}] (id {o.id}): part_of {o.part_of}" for i, o in enumerate(objects)}
    wrong = [
        f"{places[o.id]}: no object has the id {o.part_of}"
        for o in objects
        if o.part_of is not None and o.part_of not in ids
    ]
    for circle in parts.circles({o.id: o.part_of for o in objects}):
        if len(circle) == 1:
            wrong.append(f"{places[circle[0]]}: an object is no part of itself")
        else:
            way = " -> ".join(str(i) for i in (*circle, circle[0]))
            wrong.append(f"{places[circle[0]]}: objects are parts of each other in a circle: {way}")
    return wrong


def _wrong_relations(relations: tuple[Relation, ...], ids: set[int]) -> list[str]:
    wrong: list[str] = []
    for i, r in enumerate(relations):
        where = f"relations[{i}] ({r.subject} {r.predicate!r} {r.object})"
        if r.subject != CAMERA_ID and r.subject not in ids:
            wrong.append(f"{where}: no object has the id {r.subject}")
        if r.object != CAMERA_ID and r.object not in ids:
            wrong.append(f"{where}: no object has the id {r.object}")
        if r.subject == r.object:
            wrong.append(f"{where}: relates an object to itself")
        if not r.predicate.strip():
            wrong.append(f"{where}: predicate is empty")
        if not r.spans:
            wrong.append(f"{where}: holds at no time")
        if not 0 <= r.confidence <= 1:
            wrong.append(f"{where}: confidence {r.confidence} is outside 0..1")
    return wrong
