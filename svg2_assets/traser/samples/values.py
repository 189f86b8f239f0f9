"""A video with what is said of it, before (`Draft`) and after (`Sample`) it is filtered for training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject, Verification
from svg2_assets.scene.masks import FloatArray, IntArray, Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.scene.video import Video

WHOLE = "whole"
"""`sample_id` of the sample that shows all of its video."""


@dataclass(frozen=True, slots=True)
class DraftRelation:
    """A relation as a source gives it: (start, end) pairs in seconds, half-open, not yet known to be spans."""

    subject: int
    predicate: str
    object: int
    spans: Sequence[tuple[float, float]]
    category: Category | None = None
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Draft:
    """What a source says of a video. Names may be empty, relations may touch nothing, masks may end early.

    `masked_frames`: how many frames masks were made for, where the source tells.
    """

    video: Video
    objects: tuple[SceneObject, ...] = ()
    relations: tuple[DraftRelation, ...] = ()
    masked_frames: int | None = None


@dataclass(frozen=True, slots=True)
class SampleObject:
    """An object that a sample tells of; `salience` says how much it matters beside the others."""

    id: int
    name: str
    attributes: tuple[Attribute, ...] = ()
    part_of: int | None = None
    verification: Verification = field(default_factory=Verification)
    salience: float = 0.0


@dataclass(frozen=True, slots=True)
class SampleRelation:
    """A relation that a sample tells; -1 is the camera. Not every source knows its category."""

    subject: int
    predicate: str
    object: int
    spans: Spans
    category: Category | None = None
    confidence: float = 1.0

    @property
    def key(self) -> tuple[int, str, int]:
        """What makes two relations the same statement."""
        return self.subject, self.predicate, self.object


@dataclass(frozen=True, slots=True)
class Sample:
    """One video as training sees it.

    `frames` [n] are the sampled ones, `times` [n] when they appear; `masks` [objects][n], None where an object is not
    visible. `pictures` are the sampled frames encoded at `picture_size` (height, width), none where they are read from
    the video. `tasks`: what can be asked of it, the one that tells most first.
    """

    video: Video
    objects: tuple[SampleObject, ...]
    relations: tuple[SampleRelation, ...]
    frames: IntArray
    times: FloatArray
    masks: tuple[tuple[Mask | None, ...], ...]
    picture_size: tuple[int, int]
    tasks: tuple[str, ...]
    dataset: str
    split: str
    pictures: tuple[bytes, ...] = ()
    sample_id: str = WHOLE

    def showing(self, places: Sequence[int]) -> Sample:
        """The sample with its objects at `places` alone, in this order, and what holds among them and the camera."""
        objects = tuple(self.objects[k] for k in places)
        ends = {CAMERA_ID, *(o.id for o in objects)}
        return replace(
            self,
            objects=objects,
            masks=tuple(self.masks[k] for k in places),
            relations=tuple(r for r in self.relations if r.subject in ends and r.object in ends),
        )


def draft_of(graph: SceneGraph) -> Draft:
    """The draft of a scene graph."""
    return Draft(graph.video, graph.objects, tuple(_draft_relation(r) for r in graph.relations))


def _draft_relation(r: Relation) -> DraftRelation:
    spans = tuple((span.start, span.end) for span in r.spans)
    return DraftRelation(r.subject, r.predicate, r.object, spans, r.category, r.confidence)
