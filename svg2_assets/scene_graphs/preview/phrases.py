"""Objects and relations in words, for captions, legends and lanes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import Relation, SceneGraph
from svg2_assets.scene.taxonomy import CAMERA_ID, Category, camera_name
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.preview.lettering import BOLD, Phrase, Run
from svg2_assets.scene_graphs.preview.palette import CATEGORIES, Color, color_of, tint

_TELLING = (
    Category.FUNCTIONAL,
    Category.SOCIAL,
    Category.EVENT_LEVEL,
    Category.ATTENTIONAL,
    Category.MOTION,
    Category.STATEFUL,
    Category.SPATIAL,
)
"""Categories from what tells most of a scene to what is always there."""


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of words on one kind of page; `lift` is the share of white mixed into a category's colour."""

    words: Color
    lift: float = 0.0


def relation_phrase(graph: SceneGraph, relation: Relation, *, inks: Inks, short: bool = False) -> Phrase:
    """`[1] person holding [3] mug`, the ids on pills; without the names when `short`."""
    predicate = Run(relation.predicate, tint(CATEGORIES[relation.category], inks.lift), BOLD)
    camera = camera_name(relation.predicate)
    subject = end_phrase(graph, relation.subject, inks=inks, short=short, camera=camera)
    return (*subject, predicate, *end_phrase(graph, relation.object, inks=inks, short=short, camera=camera))


def end_phrase(graph: SceneGraph, object_id: int, *, inks: Inks, short: bool = False, camera: str = "camera") -> Phrase:
    """An id on a pill of its colour, and the name; `camera` is what the camera is called."""
    color = color_of(object_id)
    if object_id == CAMERA_ID:
        return (Run(camera, color, badge=True),)
    number = Run(str(object_id), color, badge=True)
    return (number,) if short else (number, Run(graph.object(object_id).name, inks.words))


def by_interest(relations: Iterable[Relation]) -> list[Relation]:
    """The most telling first: by category, then by confidence (to a tenth), then what holds for a shorter time."""
    return sorted(
        relations, key=lambda r: (_TELLING.index(r.category), -round(r.confidence, 1), r.spans.duration, r.key)
    )


def clock(seconds: float) -> str:
    """`m:ss.t`."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def title(video: Video) -> str:
    """The last part of the video's address on one line, control characters escaped; its id where that is empty."""
    return printable(video.uri.rstrip("/").rsplit("/", 1)[-1], limit=90) or video.id


def facts(graph: SceneGraph) -> str:
    """Size, rate, duration and counts in one line."""
    video = graph.video
    return (
        f"{video.width}×{video.height} · {video.fps:.4g} fps · {video.duration:.1f} s · "
        f"{_count(len(graph.objects), 'object')} · {_count(len(graph.relations), 'relation')} · {video.id}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
