"""What of a graph has no place in a format, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from svg2_assets.scene.graph import SceneGraph, SceneObject, Verification
from svg2_assets.scene.taxonomy import AttributeType
from svg2_assets.scene_graphs.formats.values import Loss

NOTHING = Verification()


def lost_of(graph: SceneGraph, without: Collection[Loss]) -> Counter[Loss]:
    """How much of what `graph` has a format `without` places for it does not keep, of what a graph itself shows.

    Counted are videos, objects, attributes or relations that lose something. What the writing finds out (`TIMES`,
    `VANISHED`) is the writer's to add.
    """
    counts = _of_video(graph) + _of_objects(graph) + _of_relations(graph)
    return Counter({loss: counts[loss] for loss in Loss if loss in without and counts[loss]})


def _of_video(graph: SceneGraph) -> Counter[Loss]:
    video = graph.video
    there: Mapping[Loss, bool] = {
        Loss.CLOCK: True,
        Loss.FRAME_TIMES: video.frame_times is not None,
        Loss.FILE: bool(video.uri or video.sha256),
        Loss.PROVENANCE: bool(graph.provenance),
    }
    return Counter({loss: int(is_there) for loss, is_there in there.items()})


def _of_objects(graph: SceneGraph) -> Counter[Loss]:
    counts: Counter[Loss] = Counter()
    for o in graph.objects:
        counts += _of_object(o)
    return counts


def _of_object(o: SceneObject) -> Counter[Loss]:
    return Counter(
        {
            Loss.ATTRIBUTES: len(o.attributes),
            Loss.ATTRIBUTE_TYPES: sum(a.type is not AttributeType.OTHER for a in o.attributes),
            Loss.CONFIDENCES: sum(a.confidence != 1 for a in o.attributes),
            Loss.VERIFICATION: int(o.verification != NOTHING),
            Loss.PARTS: int(o.part_of is not None),
        }
    )


def _of_relations(graph: SceneGraph) -> Counter[Loss]:
    return Counter(
        {
            Loss.CONFIDENCES: sum(r.confidence != 1 for r in graph.relations),
            Loss.CATEGORIES: len(graph.relations),
            Loss.REPEATED: len(graph.relations) - len({r.key for r in graph.relations}),
        }
    )
