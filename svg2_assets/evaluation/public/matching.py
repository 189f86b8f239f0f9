"""Predicted trajectories under the ids of the true ones they match, for metrics that take trajectories as given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import best_pairs
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph, SceneObject
from svg2_assets.scene.taxonomy import CAMERA_ID

LEAST = 0.5


@dataclass(frozen=True, slots=True)
class Matched:
    """The predicted `graph` with its objects renamed, and what was matched.

    pairs: predicted id (before) -> true id. volume_iou: true id -> overlap of the pair.
    missed: true ids without a prediction. invented: predicted id (before) -> id that it has now, one that is no true
    object's, so that its relations stay and match nothing.
    """

    graph: SceneGraph
    pairs: Mapping[int, int]
    volume_iou: Mapping[int, float]
    missed: tuple[int, ...]
    invented: Mapping[int, int]


def match(truth: SceneGraph, predicted: SceneGraph, *, least: float = LEAST) -> Matched:
    """One-to-one pairs of at least `least` volume IoU that overlap most in sum (Hungarian method).

    Volume IoU = common pixels over all frames / pixels of either, on run-length codes. Names count for nothing. Neither
    does the order of the objects: among pairings of the same sum, ids decide. Raises `InvalidBenchmarkInput` where the
    two videos differ in size or frames, and on a threshold outside (0, 1].
    """
    if not 0 < least <= 1:
        raise InvalidBenchmarkInput(f"matching: expected a least overlap in (0, 1], found {least}.")
    _check_same_video(truth, predicted)
    true, found = _ordered(truth), _ordered(predicted)
    overlaps = Overlaps.of(
        [o.trajectory for o in true], [o.trajectory for o in found], num_frames=truth.video.num_frames
    ).volume_iou()
    chosen = best_pairs(overlaps, least=least)
    pairs = {found[j].id: true[i].id for i, j in chosen}
    free = max((o.id for o in true), default=CAMERA_ID) + 1
    invented = {o.id: free + n for n, o in enumerate(o for o in found if o.id not in pairs)}
    matched = set(pairs.values())
    return Matched(
        graph=_renamed(predicted, pairs | invented),
        pairs=pairs,
        volume_iou={true[i].id: float(overlaps[i, j]) for i, j in chosen},
        missed=tuple(o.id for o in true if o.id not in matched),
        invented=invented,
    )


def _check_same_video(truth: SceneGraph, predicted: SceneGraph) -> None:
    sizes = [(g.video.height, g.video.width, g.video.num_frames) for g in (truth, predicted)]
    if sizes[0] != sizes[1]:
        raise InvalidBenchmarkInput(
            f"{printable(predicted.video.id)}: expected a video of (height, width, frames) = {sizes[0]} like the true "
            f"one, found {sizes[1]}. Predict on the video that the truth is of."
        )


def _ordered(graph: SceneGraph) -> list[SceneObject]:
    return sorted(graph.objects, key=lambda o: o.id)


def _renamed(graph: SceneGraph, ids: Mapping[int, int]) -> SceneGraph:
    """`graph` with object i called `ids[i]`; the camera stays."""
    ids = {**ids, CAMERA_ID: CAMERA_ID}
    return replace(
        graph,
        objects=tuple(
            replace(o, id=ids[o.id], part_of=None if o.part_of is None else ids[o.part_of]) for o in graph.objects
        ),
        relations=tuple(replace(r, subject=ids[r.subject], object=ids[r.object]) for r in graph.relations),
    )
