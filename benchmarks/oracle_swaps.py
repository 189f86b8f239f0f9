"""Where relations are lost: one phase after the other is replaced by the truth, on clips of the synthetic world.

    python -m benchmarks.oracle_swaps [--clips 6] [--seconds 3] [--difficulty easy] [--system stand-ins embedded]

`stand-ins`: an oracle that segments and tracks with errors of known kinds, names that are replaced at a known rate,
and the embedded profile's rules for relations. `embedded`: the whole embedded profile; its detectors know photographs,
so on drawn clips its names say little. A phase's truth goes through what comes after it as its own result would: the
names of trajectories that match no true object stay unknown, and true relations need both ends matched. True
trajectories keep what the system's recognisers said of the trajectories that they match, and its camera motion.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from typing import Any, Protocol

import numpy as np

from benchmarks.tables import Table, load_note, percent, show
from resources.oracle.errors import Errors
from resources.oracle.segmenter import OracleSegmenter
from resources.oracle.tracker import OracleTracker
from resources.profiles import BackendsResource
from svg2_assets.evaluation.graphs.report import Figure, Report, report
from svg2_assets.evaluation.graphs.tallies import Cell, Measure, Side
from svg2_assets.evaluation.public.matching import match
from svg2_assets.labels.protocols import Label, VerifiedLabel
from svg2_assets.relations.extract import extract_relations
from svg2_assets.scene.document import read, write
from svg2_assets.scene.graph import Relation, SceneGraph, Verification
from svg2_assets.scene.taxonomy import CAMERA_ID, Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene_graphs.assemble import assemble
from svg2_assets.settings import from_environment
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.settings import PanopticSettings
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

FIRST_SEED = 30_000  # no other benchmark and no rule has seen these
WRONG_NAMES = 0.3  # share of the stand-in's names that are another object's
TRAJECTORIES, NAMES, RELATIONS = PHASES = ("trajectories", "names", "relations")
SWAPS: Mapping[str, frozenset[str]] = {
    "nothing": frozenset(),
    **{phase: frozenset({phase}) for phase in PHASES},
    "trajectories, names": frozenset({TRAJECTORIES, NAMES}),
    "all three": frozenset(PHASES),
}
"""Which phases the truth takes the place of."""
NOWHERE = Trajectory((), ())
Labels = Sequence[VerifiedLabel]


class System(Protocol):
    """The three phases that are swapped."""

    def track(self, world: World) -> TrackingResult:
        """Trajectories."""
        ...

    def name(self, world: World, tracks: TrackingResult) -> Labels:
        """Names and attributes of `tracks`."""
        ...

    def relate(self, world: World, tracks: TrackingResult, labels: Labels) -> Sequence[Relation]:
        """Relations between them."""
        ...


class StandIns:
    """Trajectories and names from the truth, with errors; relations by rules."""

    def track(self, world: World) -> TrackingResult:
        """By the oracle, under the default rules."""
        known = _Known(world)
        seed = world.seed
        oracle = OracleSegmenter(known, Errors(), seed=seed), OracleTracker(known, Errors(), seed=seed)
        return PanopticTracker(*oracle, PanopticSettings()).track(world)

    def name(self, world: World, tracks: TrackingResult) -> Labels:
        """True ones, `WRONG_NAMES` of which are those of another object of the clip."""
        others = sorted({o.name for o in world.truth.objects})
        found = []
        for given in true_labels(world, tracks):
            draw = np.random.Generator(np.random.PCG64([world.seed, given.label.object_id]))
            wrong, other = draw.random() < WRONG_NAMES, others[int(draw.integers(len(others)))]
            found.append(replace(given, label=replace(given.label, name=other)) if wrong else given)
        return found

    def relate(self, world: World, tracks: TrackingResult, labels: Labels) -> Sequence[Relation]:
        """By geometry and motion."""
        return extract_relations(world, tracks, labels).relations


class Embedded:
    """The backends of the profile that the environment asks for, which is `embedded` where it asks for none."""

    def __init__(self) -> None:
        self._backends = BackendsResource.of(from_environment())

    def track(self, world: World) -> TrackingResult:
        """By its tracker."""
        return self._backends.tracker.track(world)

    def name(self, world: World, tracks: TrackingResult) -> Labels:
        """Described, parsed, verified."""
        described = self._backends.describer.describe(world, tracks)
        parsed = self._backends.parser.parse(described, source=world, tracks=tracks)
        return self._backends.verifier.verify(world, tracks, parsed)

    def relate(self, world: World, tracks: TrackingResult, labels: Labels) -> Sequence[Relation]:
        """By its rules."""
        return self._backends.relator.extract(world, tracks, labels).relations


SYSTEMS: Mapping[str, type[StandIns] | type[Embedded]] = {"stand-ins": StandIns, "embedded": Embedded}


@dataclass(frozen=True, slots=True)
class Job:
    """One clip and who works on it."""

    system: str
    difficulty: Difficulty
    seconds: float
    seed: int


@dataclass(frozen=True, slots=True)
class Swapped:
    """One clip: its truth; by swap what came out, under the ids of the truth, and how many true objects were found.

    Graphs are without masks, which nothing needs any more.
    """

    truth: SceneGraph
    graphs: Mapping[str, SceneGraph]
    found: Mapping[str, int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Swap on all clips and print the tables."""
    given = _parser().parse_args(arguments)
    tables: list[Table] = []
    for system in given.system:
        jobs = [Job(system, given.difficulty, given.seconds, given.first + i) for i in range(given.clips)]
        if given.processes > 1:
            with ProcessPoolExecutor(max_workers=given.processes, mp_context=get_context("spawn")) as pool:
                clips = [_received(sent) for sent in pool.map(_sent, jobs)]
        else:
            clips = [swapped(job) for job in jobs]
        tables += [swaps_table(system, clips), losses_table(system, clips)]
    show(tables, as_json=given.json)
    return 0


def swapped(job: Job) -> Swapped:
    """Every swap on one clip."""
    world = World(WorldSettings.of(job.difficulty, seconds=job.seconds), seed=job.seed)
    system, truth = SYSTEMS[job.system](), world.truth.graph()
    own = system.track(world)
    graphs: dict[str, SceneGraph] = {}
    found: dict[str, int] = {}
    for name, phases in SWAPS.items():
        tracks = true_tracks(world, own) if TRAJECTORIES in phases else own
        labels = true_labels(world, tracks) if NAMES in phases else system.name(world, tracks)
        relations = true_relations(world, tracks) if RELATIONS in phases else system.relate(world, tracks, labels)
        matched = match(truth, assemble(world.video, tracks, labels=labels, relations=relations))
        graphs[name], found[name] = _without_masks(matched.graph), len(matched.pairs)
    return Swapped(_without_masks(truth), graphs, found)


Sent = tuple[dict[str, Any], dict[str, dict[str, Any]], dict[str, int]]
"""A `Swapped` as it goes from process to process: graphs as documents."""


def _sent(job: Job) -> Sent:
    found = swapped(job)
    return write(found.truth), {name: write(graph) for name, graph in found.graphs.items()}, dict(found.found)


def _received(sent: Sent) -> Swapped:
    truth, graphs, found = sent
    return Swapped(read(truth), {name: read(document) for name, document in graphs.items()}, found)


def true_tracks(world: World, own: TrackingResult) -> TrackingResult:
    """The true trajectories, with what `own` knows of the camera and its witnesses say of the ones that match."""
    witnesses = {o.id: o.witnesses for o in own.objects}
    seen = {true: witnesses[i] for i, true in matched_ids(world, own).items()}
    tracks = world.truth.trajectories()
    objects = tuple(
        TrackedObject(o.id, tracks[o.id], Origin.SEED, 1.0, witnesses=seen.get(o.id, ()), part_of=o.part_of)
        for o in world.truth.objects
    )
    return replace(own, objects=objects, cuts=world.truth.cuts)


def true_labels(world: World, tracks: TrackingResult) -> Labels:
    """The true names and attributes of those of `tracks` that match a true object."""
    objects = {o.id: o for o in world.truth.objects}
    sure = Verification(Verdict.SUPPORTED, 1.0)
    return [
        VerifiedLabel(Label(i, objects[true].name, 1.0, attributes=tuple(objects[true].attributes)), sure)
        for i, true in sorted(matched_ids(world, tracks).items())
    ]


def true_relations(world: World, tracks: TrackingResult) -> Sequence[Relation]:
    """The true relations both of whose ends match one of `tracks`, between these."""
    own = {true: i for i, true in matched_ids(world, tracks).items()} | {CAMERA_ID: CAMERA_ID}
    return [
        replace(r, subject=own[r.subject], object=own[r.object])
        for r in world.truth.relations
        if r.subject in own and r.object in own
    ]


def matched_ids(world: World, tracks: TrackingResult) -> Mapping[int, int]:
    """Id of a trajectory -> id of the true object that it matches."""
    return match(world.truth.graph(), assemble(world.video, tracks, labels=(), relations=())).pairs


def swaps_table(system: str, clips: Sequence[Swapped]) -> Table:
    """What comes out when the truth takes the place of phases."""
    reports = reports_of(clips)
    objects = sum(len(c.truth.objects) for c in clips)
    rows = []
    for name, scored in reports.items():
        found = sum(c.found[name] for c in clips) / max(1, objects)
        accuracy = scored.ratio(Cell(Measure.OBJECTS, "lenient")).share
        figures = [_interval(scored, measure, Side.RECALL) for measure in (Measure.RELATIONS, Measure.TRIPLETS)]
        precise = _interval(scored, Measure.RELATIONS, Side.PRECISION)
        rows.append([name, percent(found, digits=1), percent(accuracy, digits=1), *figures, precise])
    relations = sum(len(c.truth.relations) for c in clips)
    notes = [
        f"{objects} true objects, {relations} true relations; micro, lenient (judge lexical), tIoU > 0.5",
        "objects matched by a volume IoU of 0.5; in brackets 95 % bootstrap intervals over clips",
        load_note(),
    ]
    columns = ("true instead of its own", "found", "named", "relation recall", "triplet recall", "relation precision")
    return Table(f"Swaps, {system}: {len(clips)} clips", columns, rows, notes)


def losses_table(system: str, clips: Sequence[Swapped]) -> Table:
    """How much recall each phase costs: what it gains to replace it alone, and after the phases before it."""
    reports = reports_of(clips)
    steps = dict(zip(PHASES, (("nothing", TRAJECTORIES), (TRAJECTORIES, "trajectories, names"),
                              ("trajectories, names", "all three")), strict=True))  # fmt: skip
    rows: list[list[object]] = []
    for phase in PHASES:
        row: list[object] = [phase]
        for measure in (Measure.RELATIONS, Measure.TRIPLETS):
            alone = _recall(reports[phase], measure) - _recall(reports["nothing"], measure)
            before, after = (_recall(reports[name], measure) for name in steps[phase])
            row += [f"{100 * alone:+.1f}", f"{100 * (after - before):+.1f}"]
        rows.append(row)
    notes = [
        "points of recall; alone: this phase true and the others as they are; in order: the phases before it true, too",
        "in order, the three add up to what is lost in all",
    ]
    columns = ("phase", "relations, alone", "relations, in order", "triplets, alone", "triplets, in order")
    return Table(f"Recall lost by phase, {system}", columns, rows, notes)


def reports_of(clips: Sequence[Swapped]) -> dict[str, Report]:
    """The scores by swap."""
    return {name: report((c.truth.video.id, c.truth, c.graphs[name]) for c in clips) for name in SWAPS}


class _Known:
    """The truth as the oracle reads it."""

    def __init__(self, world: World) -> None:
        self.masks_at = world.truth.masks_at
        self.appearances = {o.id: o.appearance for o in world.truth.objects}


def _without_masks(graph: SceneGraph) -> SceneGraph:
    return replace(graph, objects=tuple(replace(o, trajectory=NOWHERE) for o in graph.objects))


def _recall(scored: Report, measure: Measure) -> float:
    return scored.ratio(Cell(measure, "lenient", scored.settings.main)).share or 0.0


def _interval(scored: Report, measure: Measure, side: Side) -> str:
    figure: Figure = scored.figure(Cell(measure, "lenient", scored.settings.main), side, intervals=True)
    if figure.micro is None or figure.micro_interval is None:
        return percent(figure.micro)
    low, high = figure.micro_interval.low, figure.micro_interval.high
    return f"{percent(figure.micro, digits=1)} [{100 * low:.1f}, {100 * high:.1f}]"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oracle_swaps", description=__doc__)
    parser.add_argument("--clips", type=int, default=6, help="clips")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a clip")
    parser.add_argument("--difficulty", type=Difficulty, default=Difficulty.EASY, help="easy, medium or hard")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--system", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS), help="who works on them")
    parser.add_argument("--processes", type=int, default=2, help="clips at a time")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
