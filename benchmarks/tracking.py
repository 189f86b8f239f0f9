"""How well the presets find and follow objects: `python -m benchmarks.tracking` prints tables.

`oracle`: clips of the synthetic world, segmented and tracked by the truth with realistic errors: the rules are measured
apart from any weights. `masklets`: what clean-up leaves of the real masklets of SA-V. `between`: masks of DAVIS
carried by optical flow. `shots`: cuts that are found. `cost` and `memory`: SAM 2's architecture with random weights
(needs the extra `models`).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from benchmarks import sam2_cost, shots
from benchmarks.interpolation import interpolation_table
from benchmarks.masklets import masklet_table
from benchmarks.tables import Table, show, verdict
from resources.oracle.errors import Errors
from resources.oracle.segmenter import OracleSegmenter
from resources.oracle.tracker import OracleTracker
from svg2_assets.evaluation.intervals import bootstrap
from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.scores import TrackScores, measure
from svg2_assets.scene.trajectory import Trajectory, volume_iou
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset

SECTIONS = ("oracle", "masklets", "between", "shots", "cost", "memory")
FIRST_SEED = 10_000
"""Clips with lower seeds were looked at while the rules were written."""

FOLLOWED = 0.5  # volume IoU with some trajectory

Figures = Mapping[str, float | None]
METRICS: Mapping[str, tuple[str, bool]] = {
    "recall.at_matched": ("AR@0.5", True),
    "recall.small": ("AR@0.5 small", True),
    "recall.late": ("AR@0.5 late", True),
    "parts_kept": ("parts kept", True),
    "coverage.truth": ("truth covered", True),
    "discovery.wait": ("delay s", False),
    "shared_switch_rate": ("id switches / minute, shared", False),
    "switch_rate": ("id switches / minute, all", False),
    "identity.idf1": ("IDF1", True),
    "invention.absent_seconds": ("invented s", False),
    "invention.false_trajectories": ("false tracks", False),
}
"""Figure -> its name in the table, and whether more is better."""


@dataclass(frozen=True, slots=True)
class Job:
    """One clip under all presets."""

    difficulty: Difficulty
    seed: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen sections and print them."""
    given = _parser().parse_args(arguments)
    setup = sam2_cost.setup_of(given)
    made: dict[str, Callable[[], list[Table]]] = {
        "oracle": lambda: oracle_tables(given.clips, given.difficulties, seconds=given.seconds, first=given.first),
        "masklets": lambda: [masklet_table(given.data)],
        "between": lambda: [interpolation_table(given.data)],
        "shots": lambda: [
            shots.shots_table(
                given.data, clips=given.shot_clips, first=given.shots_first, library=given.scenedetect_python
            )
        ],
        "cost": lambda: [sam2_cost.cost_table(setup, frames=given.frames, objects=given.objects)],
        "memory": lambda: [
            sam2_cost.memory_table(setup, given.lengths, objects=given.memory_objects, together=given.together)
        ],
    }
    tables = [t for section in given.sections or tuple(made) for t in made[section]()]
    show(tables, as_json=given.json)
    return 0


def oracle_tables(clips: int, difficulties: Iterable[Difficulty], *, seconds: float, first: int) -> list[Table]:
    """Every preset on the same clips with the same errors; mean and 95 % interval over clips."""
    tables = []
    for difficulty in difficulties:
        jobs = [Job(difficulty, first + i, seconds) for i in range(clips)]
        with ProcessPoolExecutor(max_workers=2, mp_context=get_context("spawn")) as pool:
            scores = list(pool.map(scores_of, jobs, chunksize=4))
        tables.append(_table(difficulty, scores))
    return tables


def scores_of(job: Job) -> dict[Preset, Figures]:
    """The figures of each preset on one clip."""
    world = World(WorldSettings.of(job.difficulty, seconds=job.seconds), seed=job.seed)
    known = _Known(world)
    truth, parts = world.truth.trajectories(), [o.id for o in world.truth.objects if o.part_of is not None]
    scores: dict[Preset, TrackScores] = {}
    tracks: dict[Preset, dict[int, Trajectory]] = {}
    for preset in Preset:
        tracker = PanopticTracker(
            OracleSegmenter(known, Errors(), seed=job.seed),
            OracleTracker(known, Errors(), seed=job.seed),
            PanopticSettings(preset=preset),
        )
        result = tracker.track(world)
        tracks[preset] = {o.id: o.trajectory for o in result.objects}
        scores[preset] = measured(truth, tracks[preset], world, parts=parts)
    shared = {i: truth[i] for i in truth if all(_is_followed(truth[i], t.values()) for t in tracks.values())}
    found: dict[Preset, Figures] = {}
    for preset in Preset:
        rates = {"switch_rate": switch_rate(scores[preset], truth)}
        if shared:
            rates["shared_switch_rate"] = switch_rate(measured(shared, tracks[preset], world, parts=()), shared)
        found[preset] = {**scores[preset].figures(), **rates}
    return found


def measured(
    truth: Mapping[int, Trajectory], found: Mapping[int, Trajectory], world: World, *, parts: Collection[int]
) -> TrackScores:
    """The scores of one clip; who appears after half a second is late."""
    video, late = world.video, Criteria(late_seconds=0.5)
    return measure(truth, found, num_frames=video.num_frames, fps=video.fps, parts=parts, criteria=late)


def _is_followed(truth: Trajectory, found: Iterable[Trajectory]) -> bool:
    return any(volume_iou(truth, t) >= FOLLOWED for t in found)


def switch_rate(scores: TrackScores, truth: Mapping[int, Trajectory]) -> float | None:
    """Identity switches a minute of object time that is followed under one id; who follows nothing has no rate."""
    seconds = sum(len(t) for t in truth.values()) / scores.fps
    followed = seconds * (scores.identity.recall or 0.0)
    return 60 * scores.identity.switches / followed if followed else None


class _Known:
    """The truth as the oracle reads it."""

    def __init__(self, world: World) -> None:
        self.masks_at = world.truth.masks_at
        self.appearances = {o.id: o.appearance for o in world.truth.objects}


def _table(difficulty: Difficulty, scores: Sequence[Mapping[Preset, Figures]]) -> Table:
    rows: list[list[Any]] = []
    for figure, (name, more) in METRICS.items():
        intervals = {}
        for preset in Preset:
            values = [v for s in scores if (v := s[preset].get(figure)) is not None]
            intervals[preset] = bootstrap(values) if values else None
        ours, others = intervals[Preset.DEFAULT], [intervals[p] for p in (Preset.PAPER, Preset.RELEASE)]
        better = ours is not None and all(
            o is not None and (ours.low > o.high if more else ours.high < o.low) for o in others
        )
        cells = ["-" if i is None else f"{i.mean:.3f} [{i.low:.3f}, {i.high:.3f}]" for i in intervals.values()]
        rows.append([name, *cells, verdict(better)])
    title = f"Oracle with errors, {difficulty.value}: {len(scores)} clips"
    notes = [
        "mean over clips [95 % bootstrap interval]; met: better than both, intervals apart",
        "shared: on objects that all presets follow; who follows few easy objects switches little on all of its own",
    ]
    return Table(title, ("figure", *(p.value for p in Preset), "better, apart"), rows, notes)


def _parser() -> argparse.ArgumentParser:
    from benchmarks.data import DEFAULT_DATA

    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--frames", type=int, default=300, help="of the clip for cost")
    parser.add_argument("--objects", type=int, default=20, help="in the clip for cost")
    parser.add_argument(
        "--lengths", nargs="+", type=int, default=[100, 300, 1000, 3000], help="of the clips for memory"
    )
    parser.add_argument("--memory-objects", type=int, default=2, help="in the clips for memory")
    parser.add_argument("--together", type=int, default=1, help="runs at a time for memory")
    sam2_cost.add_setup(parser)
    parser.add_argument("--clips", type=int, default=70, help="synthetic clips a difficulty")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of a clip")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--difficulties", nargs="+", type=Difficulty, default=list(Difficulty))
    parser.add_argument("--shot-clips", type=int, default=60, help="clips of each kind for shots")
    parser.add_argument("--shots-first", type=int, default=shots.FIRST_SEED, help="first seed of those")
    parser.add_argument("--scenedetect-python", metavar="PATH", help="a Python that has PySceneDetect, beside ours")
    parser.add_argument("--data", type=str, default=str(DEFAULT_DATA), help="folder with real clips and masklets")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
