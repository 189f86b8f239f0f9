"""All track metrics of one clip: `measure`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

from svg2_assets.evaluation.tracks.boundaries import RegionsAndBoundaries, regions_and_boundaries
from svg2_assets.evaluation.tracks.coverage import MaskCoverage, coverage
from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.discovery import Discovery, discovery
from svg2_assets.evaluation.tracks.identity import Identities, identity_scores
from svg2_assets.evaluation.tracks.invention import Invention, invention
from svg2_assets.evaluation.tracks.library import LibraryScores, library_scores
from svg2_assets.evaluation.tracks.overlaps import Overlaps
from svg2_assets.evaluation.tracks.pairing import best_pairs, most_pairs
from svg2_assets.evaluation.tracks.recall import Recall, parts_kept, recall_scores
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.trajectory import Trajectory

Tracks: TypeAlias = Mapping[int, Trajectory] | Sequence[Trajectory]
"""Trajectories by id, or in a sequence, whose positions are then the ids."""

DEFAULT = Criteria()


@dataclass(frozen=True, slots=True)
class TrackScores:
    """What `measure` found; trajectories that are never visible are not counted on either side.

    `boundaries` and `library` are None where they were not asked for, `parts_kept` where no parts are known.
    """

    num_frames: int
    fps: float
    truth_trajectories: int
    predicted_trajectories: int
    recall: Recall
    coverage: MaskCoverage
    identity: Identities
    discovery: Discovery
    invention: Invention
    parts_kept: float | None
    boundaries: RegionsAndBoundaries | None
    library: LibraryScores | None
    criteria: Criteria

    def as_dict(self) -> dict[str, Any]:
        """Nested, ready for `json.dumps`."""
        return asdict(self)

    def figures(self) -> dict[str, float | None]:
        """The metrics alone, flat: `{"recall.at_matched": 0.5, ...}`, as tables and intervals over clips need them."""
        found: dict[str, float | None] = {"parts_kept": self.parts_kept}
        groups = ("recall", "coverage", "identity", "discovery", "invention", "boundaries", "library")
        for group, values in self.as_dict().items():
            if group in groups and values is not None:
                found |= {f"{group}.{name}": value for name, value in values.items() if name != "counts"}
        return found


def measure(
    truth: Tracks,
    predicted: Tracks,
    *,
    num_frames: int,
    fps: float,
    parts: Collection[int] = (),
    criteria: Criteria = DEFAULT,
    boundaries: bool = False,
    library: bool = False,
) -> TrackScores:
    """Compare `predicted` with `truth`, dense trajectories over `num_frames` frames at `fps` frames a second.

    `parts` are the ids of truth objects that are parts of others. `boundaries` adds J and F (masks are decoded),
    `library` HOTA and MOTA (needs TrackEval). Ids of predictions and the order of either side change nothing.

    Recall pairs truth and prediction at `criteria.matched`; discovery, invention and J&F at the lower
    `criteria.followed`, for an object that is found late is not an object that is not found.

    Raises `InvalidSceneValue` on masks of different sizes, on frames outside the clip and on ids that are not there.
    """
    _check(truth, num_frames=num_frames, fps=fps, parts=parts)
    ids, wanted = _ordered(truth)
    _, found = _ordered(predicted)
    is_part = np.asarray([i in set(parts) for i in ids], dtype=bool)
    overlaps = Overlaps.of(wanted, found, num_frames=num_frames)
    volumes = overlaps.volume_iou()
    pairs = best_pairs(volumes, least=criteria.followed)
    return TrackScores(
        num_frames=num_frames,
        fps=fps,
        truth_trajectories=len(wanted),
        predicted_trajectories=len(found),
        recall=recall_scores(overlaps, volumes, pixels=_pixels(wanted), fps=fps, parts=is_part, criteria=criteria),
        coverage=coverage(wanted, found, num_frames=num_frames),
        identity=identity_scores(overlaps, least=criteria.seen),
        discovery=discovery(overlaps, pairs, fps=fps, least=criteria.seen),
        invention=invention(overlaps, pairs, fps=fps, touching=criteria.touching),
        parts_kept=parts_kept(volumes, most_pairs(volumes, least=criteria.matched), parts=is_part),
        boundaries=regions_and_boundaries(wanted, found, pairs, overlaps=overlaps) if boundaries else None,
        library=library_scores(overlaps, least=criteria.seen) if library else None,
        criteria=criteria,
    )


def _check(truth: Tracks, *, num_frames: int, fps: float, parts: Collection[int]) -> None:
    if num_frames < 1 or not 0 < fps < float("inf"):
        raise InvalidSceneValue(f"a clip has a frame or more and a positive rate, not {num_frames} at {fps} a second")
    unknown = sorted(set(parts) - set(_by_id(truth)))
    if unknown:
        raise InvalidSceneValue(f"parts {unknown} are no truth objects. Ids of the truth: {sorted(_by_id(truth))}.")


def _by_id(tracks: Tracks) -> Mapping[int, Trajectory]:
    return tracks if isinstance(tracks, Mapping) else dict(enumerate(tracks))


def _ordered(tracks: Tracks) -> tuple[list[int], list[Trajectory]]:
    """Ids and trajectories that show something, sorted by content: equally good pairings are then chosen alike
    whatever the order in which the trajectories came.
    """
    shown = [(i, t) for i, t in _by_id(tracks).items() if t.frames]
    shown.sort(key=lambda item: (item[1].frames, [m.counts for m in item[1].masks], item[0]))
    return [i for i, _ in shown], [t for _, t in shown]


def _pixels(trajectories: Sequence[Trajectory]) -> int:
    """Pixels of a frame; 0 where no trajectory says it."""
    return trajectories[0].masks[0].height * trajectories[0].masks[0].width if trajectories else 0
