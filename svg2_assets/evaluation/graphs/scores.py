"""The scores of one video: `score_video`.

Source: the protocol of Synthetic Visual Genome 2 (arXiv 2602.23543). Object accuracy is the share of true objects whose
name is right; attribute recall that of true attributes which some predicted one of the same object matches; relation
recall that of true relations with a predicted one of the same subject and object, in this direction, a predicate that
is right and a tIoU above the threshold; triplet recall the same where both ends' names are right, too (the camera's
is). One prediction may satisfy several references. Beside it precision: the same test with the sides exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from svg2_assets.evaluation.graphs.comparing import Comparison
from svg2_assets.evaluation.graphs.contents import Oddities, contents_of, oddities_of
from svg2_assets.evaluation.graphs.rulings import Rulings
from svg2_assets.evaluation.graphs.settings import Settings
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side, Tally, f1, place
from svg2_assets.evaluation.judges.likeness import Kind, Pair
from svg2_assets.scene.errors import InvalidSceneValue, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.traser.training.scores import Ratio

DEFAULT = Settings()


@dataclass(frozen=True, slots=True)
class VideoScore:
    """Counts of one video, by side and measure, with the settings that they hold under.

    `known`: of the distinct labels of both sides, how many each criterion's judge has something to say of.
    """

    video_id: str
    settings: Settings
    tallies: Mapping[tuple[Side, Measure], Tally]
    oddities: Oddities
    known: Mapping[tuple[str, Kind], Ratio]

    def ratio(self, cell: Cell, side: Side = Side.RECALL) -> Ratio:
        """Right, of how many; `share` is None of nothing. Raises `InvalidSceneValue` for a cell that is not there."""
        criterion, at, group = place(cell, self.settings)
        found = self.tallies[side, cell.measure]
        return Ratio(int(found.right[criterion, at, group]), int(found.of[group]))

    def f1(self, cell: Cell) -> float | None:
        """Harmonic mean of recall and precision; None without anything true."""
        return f1(self.ratio(cell), self.ratio(cell, Side.PRECISION))


def score_video(
    truth: SceneGraph, predicted: SceneGraph | None, settings: Settings = DEFAULT, *, rulings: Rulings | None = None
) -> VideoScore:
    """Compare `predicted` with `truth`; None predicts nothing. Hand in `rulings` to remember pairs over videos.

    Raises `InvalidSceneValue` where the graphs are of different videos.
    """
    rulings = rulings or Rulings(settings.criteria)
    comparison = _comparison(truth, predicted, settings, rulings)
    rulings.learn(comparison.pairs())
    odd = oddities_of(comparison.truth, comparison.predicted)
    return VideoScore(truth.video.id, settings, comparison.tallies(), odd, comparison.known())


def pairs_of(truth: SceneGraph, predicted: SceneGraph | None, settings: Settings = DEFAULT) -> set[Pair]:
    """All pairs of labels that `score_video` asks judges for: to ask a costly one for many videos at once."""
    return set(_comparison(truth, predicted, settings, Rulings(settings.criteria)).pairs())


def _comparison(truth: SceneGraph, predicted: SceneGraph | None, settings: Settings, rulings: Rulings) -> Comparison:
    if predicted is not None and predicted.video.id != truth.video.id:
        ours, theirs = printable(truth.video.id), printable(predicted.video.id)
        raise InvalidSceneValue(f"{ours}: expected a prediction for this video, not one for {theirs}")
    true, said = (contents_of(g, duration=truth.video.duration, reach=settings.reach) for g in (truth, predicted))
    return Comparison(true, said, settings, rulings)
