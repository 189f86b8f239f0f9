"""How well the presets find and follow objects: `python -m benchmarks.tracking` prints tables.

`oracle`: clips of the synthetic world, segmented and tracked by the truth with realistic errors, so that the rules are
measured apart from any weights. `masklets`: what clean-up leaves of the real masklets of SA-V.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from benchmarks.masklets import masklet_table
from benchmarks.tables import Table, show, verdict
from resources.oracle.errors import Errors
from resources.oracle.segmenter import OracleSegmenter
from resources.oracle.tracker import OracleTracker
from svg2_assets.evaluation.intervals import bootstrap
from svg2_assets.evaluation.tracks.criteria import Criteria
from svg2_assets.evaluation.tracks.scores import TrackScores, measure
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset

FIRST_SEED = 10_000
"""Clips with lower seeds were looked at while the rules were written."""

Figures = Mapping[str, float | None]
METRICS: Mapping[str, tuple[str, bool]] = {
    "recall.at_matched": ("AR@0.5", True),
    "recall.small": ("AR@0.5 small", True),
    "recall.late": ("AR@0.5 late", True),
    "parts_kept": ("parts kept", True),
    "coverage.truth": ("truth covered", True),
    "discovery.wait": ("delay s", False),
    "switch_rate": ("id switches / minute", False),
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
    made: dict[str, Callable[[], list[Table]]] = {
        "oracle": lambda: oracle_tables(given.clips, given.difficulties, seconds=given.seconds, first=given.first),
        "masklets": lambda: [masklet_table(given.data)],
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
    found: dict[Preset, Figures] = {}
    for preset in Preset:
        tracker = PanopticTracker(
            OracleSegmenter(known, Errors(), seed=job.seed),
            OracleTracker(known, Errors(), seed=job.seed),
            PanopticSettings(preset=preset),
        )
        result = tracker.track(world)
        scores = measure(
            truth,
            {o.id: o.trajectory for o in result.objects},
            num_frames=world.video.num_frames,
            fps=world.video.fps,
            parts=parts,
            criteria=Criteria(late_seconds=0.5),
        )
        found[preset] = {**scores.figures(), "switch_rate": switch_rate(scores, truth)}
    return found


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
    return Table(title, ("figure", *(p.value for p in Preset), "better, apart"), rows, [])


def _parser() -> argparse.ArgumentParser:
    from benchmarks.data import DEFAULT_DATA

    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], "oracle", "masklets"], metavar="SECTION")
    parser.add_argument("--clips", type=int, default=70, help="synthetic clips a difficulty")
    parser.add_argument("--seconds", type=float, default=6.0, help="length of a clip")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--difficulties", nargs="+", type=Difficulty, default=list(Difficulty))
    parser.add_argument("--data", type=str, default=str(DEFAULT_DATA), help="folder with the SA-V masklets")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
