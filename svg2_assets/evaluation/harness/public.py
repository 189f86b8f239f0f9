"""The public metrics of a system that makes its own trajectories: VidVRD's and PVSG's, each video loaded when needed.

Names and predicates are compared as they are, letter by letter, as the public evaluators do: no judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from svg2_assets.evaluation.public import pvsg, pvsg_volumes, vidvrd
from svg2_assets.evaluation.public.from_graphs import Adapted, pvsg_prediction, pvsg_truth
from svg2_assets.evaluation.public.from_graphs import pvsg_volumes as volumes_of
from svg2_assets.evaluation.public.from_graphs import vidvrd as instances_of
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.taxonomy import CAMERA_ID

Graphs = Callable[[str], SceneGraph]
KEPT = 32
"""Records of a side that are kept: evaluators go through them up to four times."""


@dataclass(frozen=True, slots=True)
class PublicScores:
    """Figures by (benchmark, metric), 0..1, and benchmarks that could not be computed, with why.

    `left_out`: what an evaluator has no place for -> number of true relations.
    """

    figures: Mapping[tuple[str, str], float]
    failed: Mapping[str, str]
    left_out: Mapping[str, int]


class Loaded(Mapping[str, Any]):
    """The records of `videos`, made one by one when they are asked for; `lost` counts what they have no place for."""

    def __init__(self, videos: Sequence[str], graph: Graphs, adapt: Callable[[SceneGraph], Adapted]) -> None:
        self._videos, self._graph, self._adapt = dict.fromkeys(videos), graph, adapt
        self.camera: dict[str, int] = {}
        self.unseen: dict[str, int] = {}
        self._kept: dict[str, Any] = {}

    def __getitem__(self, video_id: str) -> Any:
        if video_id not in self._videos:
            raise KeyError(video_id)
        if video_id in self._kept:
            return self._kept[video_id]
        adapted = self._adapt(self._graph(video_id))
        if len(self._kept) < KEPT:
            self._kept[video_id] = adapted.record
        self.camera[video_id], self.unseen[video_id] = adapted.camera, adapted.unseen
        return adapted.record

    def __contains__(self, video_id: object) -> bool:
        return video_id in self._videos

    def __iter__(self) -> Iterator[str]:
        return iter(self._videos)

    def __len__(self) -> int:
        return len(self._videos)


def public_scores(
    videos: Sequence[str], predicted_videos: Sequence[str], *, truth: Graphs, predicted: Graphs
) -> PublicScores:
    """All metrics on `videos`, of which `predicted_videos` have a prediction.

    What an evaluator refuses (nothing true at all, masks of two sizes) is told in `failed`, and costs only its metrics.
    """
    most = max(pvsg.KS)
    ways: Mapping[str, tuple[Callable[[SceneGraph], Adapted], Callable[[SceneGraph], Adapted], Callable[..., Any]]] = {
        "VidVRD": (lambda g: instances_of(g, scores=False), lambda g: instances_of(g, scores=True), _vidvrd),
        "PVSG": (pvsg_truth, lambda g: pvsg_prediction(first(g, most)), _pvsg),
        "PVSG volumes": (lambda g: volumes_of(g, scores=False), lambda g: volumes_of(g, scores=True), _volumes),
    }
    figures: dict[tuple[str, str], float] = {}
    failed: dict[str, str] = {}
    left_out: dict[str, int] = {}
    for name, (true_of, said_of, measure) in ways.items():
        true, said = Loaded(videos, truth, true_of), Loaded(predicted_videos, predicted, said_of)
        try:
            figures |= {(name, metric): value for metric, value in measure(true, said).items()}
        except InvalidBenchmarkInput as error:
            failed[name] = str(error)
        left_out[f"{name}: relations with the camera"] = sum(true.camera.values())
        left_out[f"{name}: on no frame that shows both ends" if name == "VidVRD" else f"{name}: on no frame"] = sum(
            true.unseen.values()
        )
    return PublicScores(figures, failed, {what: count for what, count in left_out.items() if count})


def first(graph: SceneGraph, most: int) -> SceneGraph:
    """`graph` with the `most` relations of highest confidence, in the order that ranks them; those of the camera go.

    PVSG's recall looks at no others, so a million of them need not be laid out frame by frame.
    """
    kept = [r for r in graph.relations if CAMERA_ID not in (r.subject, r.object)]
    return replace(graph, relations=tuple(sorted(kept, key=lambda r: r.confidence, reverse=True)[:most]))


def _vidvrd(truth: Mapping[str, Any], predicted: Mapping[str, Any]) -> dict[str, float]:
    found, tags = vidvrd.detection(truth, predicted), vidvrd.tagging(truth, predicted)
    return {
        "mAP": found.mean_ap,
        **{f"R@{k}": share for k, share in found.recall.items()},
        **{f"P@{k}": share for k, share in tags.precision.items()},
    }


def _pvsg(truth: Mapping[str, Any], predicted: Mapping[str, Any]) -> dict[str, float]:
    found = pvsg.recall(truth, predicted)
    return {
        **{f"R@{k}": r.recall for k, r in found.at.items()},
        **{f"mR@{k}": r.mean_recall for k, r in found.at.items()},
    }


def _volumes(truth: Mapping[str, Any], predicted: Mapping[str, Any]) -> dict[str, float]:
    found = pvsg_volumes.detection(truth, predicted)
    return {"mAP": found.mean_ap, **{f"R@{k}": share for k, share in found.recall.items()}}
