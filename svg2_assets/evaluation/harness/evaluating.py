"""Several systems against one truth, video by video: `evaluate`.

Nothing is skipped silently. A true video without a prediction, or whose prediction cannot be read, counts as one of
which nothing is predicted; a true graph that cannot be read is not scored for anybody; predicted videos that the truth
does not have are left out. All three are named in the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from svg2_assets.evaluation.graphs.report import Report, Scored, report
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.harness.pairing import Pairing, paired
from svg2_assets.evaluation.harness.public import PublicScores, public_scores
from svg2_assets.evaluation.harness.sources import GraphSource, UnreadableGraph, UnusableGraphs
from svg2_assets.evaluation.public.matching import LEAST, match
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.trajectory import volume_iou
from svg2_assets.traser.training.scores import Ratio

LOOKED_AT = 5
"""Videos whose objects are compared in place where ids are taken for granted."""
SAME_RATE = 0.01  # rates are written with few digits
Heard = Callable[[str, int, int], None]
"""System, videos done, videos in all."""


class Match(StrEnum):
    """How predicted objects find their true ones."""

    ID = "id"
    """Predicted object k is true object k: the system was given the trajectories."""
    VIOU = "viou"
    """One-to-one by volume IoU: the system made trajectories of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be measured. `least`: volume IoU of a match; `public`: also the public metrics (with `Match.VIOU`)."""

    settings: Settings = field(default_factory=Settings)
    match: Match = Match.ID
    least: float = LEAST
    public: bool = True


@dataclass(slots=True)
class Matching:
    """How far objects were matched over all videos: true ones that were found, predicted ones that are true ones."""

    found: Ratio = field(default_factory=Ratio)
    true: Ratio = field(default_factory=Ratio)
    overlap: float = 0.0
    """Sum of the volume IoU of the pairs."""

    @property
    def mean_overlap(self) -> float | None:
        """Of a pair."""
        return self.overlap / self.found.right if self.found.right else None


@dataclass(frozen=True, slots=True)
class SystemScores:
    """One system. `unreadable`: true video id -> why its prediction cannot be used, so that nothing is predicted of it.

    `rejected`: files or records that are no graph of any video. `same_place`: with `Match.ID`, of the objects with one
    id in the first videos, how many overlap in place by half; None where a side has no masks.
    """

    name: str
    spec: str
    report: Report
    pairing: Pairing
    unreadable: Mapping[str, str]
    rejected: Mapping[str, str]
    matching: Matching | None = None
    public: PublicScores | None = None
    same_place: Ratio | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All systems on the same `videos`. `unreadable` and `rejected`: true graphs that could not be read, and why."""

    truth: str
    wanted: Wanted
    videos: tuple[str, ...]
    unreadable: Mapping[str, str]
    rejected: Mapping[str, str]
    systems: tuple[SystemScores, ...]

    @property
    def broken(self) -> int:
        """How many graphs or files on either side could not be used."""
        own = len(self.unreadable) + len(self.rejected)
        return own + sum(len(s.unreadable) + len(s.rejected) for s in self.systems)


def evaluate(
    truth: GraphSource,
    systems: Sequence[tuple[str, GraphSource]],
    wanted: Wanted,
    *,
    heard: Heard = lambda *_: None,
) -> Evaluation:
    """Score each of `systems` (name, source) on every video of `truth` that can be read.

    One graph of a side is in memory at a time; the graphs of the truth are read once a system. Raises `UnusableGraphs`
    where the truth has no graph at all, and where trajectories are to be matched that a side does not have.
    """
    if not truth.cards():
        told = "; ".join(f"{place}: {why}" for place, why in list(truth.rejected.items())[:3])
        raise UnusableGraphs(f"{printable(truth.name)}: no true graph could be read. {told}")
    if wanted.match is Match.VIOU:
        for source in (truth, *(source for _, source in systems)):
            if not source.has_masks:
                raise UnusableGraphs(f"{printable(source.name)}: has no trajectories to match. Match by id.")
    unreadable: dict[str, str] = {}
    found = [_Scoring(truth, name, source, wanted, unreadable).scores(heard) for name, source in systems]
    videos = tuple(v for v in truth.cards() if v not in unreadable)
    if not videos:
        told = "; ".join(list(unreadable.values())[:3])
        raise UnusableGraphs(f"{printable(truth.name)}: no true graph could be read. {told}")
    return Evaluation(truth.name, wanted, videos, unreadable, dict(truth.rejected), tuple(found))


class _Scoring:
    """One system on all videos."""

    def __init__(
        self, truth: GraphSource, name: str, source: GraphSource, wanted: Wanted, untrue: dict[str, str]
    ) -> None:
        self.truth, self.name, self.source, self.wanted = truth, name, source, wanted
        self.untrue = untrue
        self.unreadable: dict[str, str] = {}
        self.pairing = paired(truth.cards(), source.cards())
        self.matching = Matching()
        self.places = Ratio()
        self.looked = 0

    def scores(self, heard: Heard) -> SystemScores:
        found = report(self._scored(heard), self.wanted.settings)
        by_place = self.wanted.match is Match.VIOU
        public = None
        if by_place and self.wanted.public:
            usable = [v for v in found.videos if v in self.pairing.pairs and v not in self.unreadable]
            public = public_scores(found.videos, usable, truth=self.truth.graph, predicted=self._fitted)
        checked = not by_place and self.places.of
        return SystemScores(
            self.name, self.source.name, found, self.pairing, self.unreadable, dict(self.source.rejected),
            matching=self.matching if by_place else None, public=public, same_place=self.places if checked else None,
        )  # fmt: skip

    def _scored(self, heard: Heard) -> Iterator[Scored]:
        cards = self.truth.cards()
        for number, video_id in enumerate(cards):
            heard(self.name, number, len(cards))
            if video_id in self.untrue:
                continue
            try:
                truth = self.truth.graph(video_id)
            except UnreadableGraph as error:
                self.untrue[video_id] = str(error)
                continue
            yield video_id, truth, self._prediction(truth) if video_id in self.pairing.pairs else None

    def _prediction(self, truth: SceneGraph) -> SceneGraph | None:
        """What is predicted of a video, its objects under the ids of the true ones; None where it cannot be used."""
        video_id = truth.video.id
        try:
            predicted = self._predicted(video_id)
            if self.wanted.match is Match.ID:
                self._look(truth, predicted)
                return predicted
            matched = match(truth, fitted(truth, predicted), least=self.wanted.least)
        except (UnreadableGraph, InvalidBenchmarkInput) as error:
            self.unreadable[video_id] = str(error)
            return None
        of = self.matching
        of.found += Ratio(len(matched.pairs), len(truth.objects))
        of.true += Ratio(len(matched.pairs), len(predicted.objects))
        of.overlap += sum(matched.volume_iou.values())
        return matched.graph

    def _predicted(self, video_id: str) -> SceneGraph:
        """The prediction as one of the true video."""
        graph = self.source.graph(self.pairing.pairs[video_id])
        return replace(graph, video=replace(graph.video, id=video_id))

    def _fitted(self, video_id: str) -> SceneGraph:
        return fitted(self.truth.graph(video_id), self._predicted(video_id))

    def _look(self, truth: SceneGraph, predicted: SceneGraph) -> None:
        """Count whether objects with one id are in one place, in a few videos."""
        if self.looked >= LOOKED_AT or not (self.truth.has_masks and self.source.has_masks):
            return
        self.looked += 1
        if (truth.video.width, truth.video.height) != (predicted.video.width, predicted.video.height):
            return
        own = {o.id: o.trajectory for o in predicted.objects if o.trajectory.frames}
        both = [(o.trajectory, own[o.id]) for o in truth.objects if o.trajectory.frames and o.id in own]
        self.places += Ratio(sum(a == b or volume_iou(a, b) >= LEAST for a, b in both), len(both))


def fitted(truth: SceneGraph, predicted: SceneGraph) -> SceneGraph:
    """`predicted` with as many frames as the true video, where only the number of frames differs: frame i is frame i.

    Decoders and annotations disagree about the end of a file. Raises `UnreadableGraph` where masks go on after the true
    end.
    """
    one, other = truth.video, predicted.video
    same = abs(one.fps - other.fps) <= SAME_RATE * one.fps and (one.width, one.height) == (other.width, other.height)
    if one.num_frames == other.num_frames or not same:
        return predicted
    last = max((o.trajectory.frames[-1] for o in predicted.objects if o.trajectory.frames), default=-1)
    if last >= one.num_frames:
        raise UnreadableGraph(
            f"{printable(one.id)}: a predicted mask is on frame {last}, the true video has {one.num_frames} frames. "
            "Predict on the video that the truth is of."
        )
    video = replace(other, num_frames=one.num_frames, duration=one.duration, frame_times=one.frame_times)
    return replace(predicted, video=video)
