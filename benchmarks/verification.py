"""How well names are verified: `python -m benchmarks.verification` prints tables.

Clips of the synthetic world, whose names are known. A share of them is replaced; a concept tracker that knows the truth
errs at known rates and is blind to thin classes, as SAM 3 is. Verdicts, what each policy keeps, and whether the score
is the chance that it says.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context

import numpy as np

from benchmarks.tables import Table, percent, show, verdict
from resources.oracle.concepts import ConceptErrors, OracleConceptTracker
from resources.oracle.errors import Dice, Kind, misshapen
from svg2_assets.labels.concept_verification import ConceptRule, agree, findings_of
from svg2_assets.labels.policy import Policy, decide, record_of
from svg2_assets.labels.protocols import Label
from svg2_assets.scene.taxonomy import Verdict
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

FIRST_SEED = 20_000
"""Clips with lower seeds were looked at while the weights were set."""
LEARNING_SEED = 15_000
"""First clip of those from which the record of classes is taken."""

STEP = 3  # frames of the clip between two of a trajectory
SHAPE = 0.01  # of the frame's height: how far the trajectories' edges lie off
THIN = ("fence", "floor lamp", "lamppost", "lamp", "handle", "tail", "leg", "ear", "beak", "hubcap", "trailer", "knob")
BLIND = 0.9  # chance that the tracker never finds a thing of a thin class
COMMON, RARE = 100, 30  # objects in the learning clips from which a class is frequent, under which it is rare
BINS = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
ELSEWHERE = ("bear", "guitar", "pizza", "kite", "surfboard", "cloud", "bread", "sofa", "bridge", "bucket")


@dataclass(frozen=True, slots=True)
class Job:
    """One clip with its rule."""

    seed: int
    difficulty: Difficulty
    corrupted: float
    rule: ConceptRule


@dataclass(frozen=True, slots=True)
class Judged:
    """One label: its claimed and true name, and what verification said."""

    claimed: str
    true: str
    verdict: Verdict
    score: float

    @property
    def right(self) -> bool:
        """Whether the claimed name is the true one."""
        return self.claimed == self.true


@dataclass(frozen=True, slots=True)
class Known:
    """The truth as the oracle reads it."""

    world: World
    names: Mapping[int, str]

    def masks_at(self, index: int) -> Mapping[int, object]:
        """Object id -> visible mask."""
        return self.world.truth.masks_at(index)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge all clips and print the tables."""
    given = _parser().parse_args(arguments)
    learned = _all(given.learning, LEARNING_SEED, given, ConceptRule())
    record = record_of((j.claimed, j.verdict) for j in learned)
    policies = {"default": Policy(), "with record": Policy(record=record)}
    judged = {n: _all(given.clips, given.first, given, ConceptRule(policy=p)) for n, p in policies.items()}
    frequency = Counter(j.true for j in learned)
    tables = [
        verdict_table(judged["with record"], clips=given.clips, corrupted=given.corrupted),
        kept_table(judged, policies, frequency),
        *(reliability_table(name, found) for name, found in judged.items()),
    ]
    show(tables, as_json=given.json)
    return 0


def judged_of(job: Job) -> list[Judged]:
    """All labels of one clip."""
    world = World(WorldSettings.of(job.difficulty), seed=job.seed)
    dice = Dice(job.seed)
    tracks = TrackingResult(tuple(_tracked(world, dice)))
    truth = {o.id: o.name for o in world.truth.objects}
    labels = [_label(o.id, truth, dice, corrupted=job.corrupted) for o in tracks.objects]
    errors = ConceptErrors(blind=dict.fromkeys(THIN, BLIND))
    tracker = OracleConceptTracker(Known(world, truth), errors, seed=job.seed)
    found = findings_of(world, tracks, labels, tracker=tracker, rule=job.rule)
    return [
        Judged(label.name, truth[label.object_id], f.verdict, f.score) for label, f in zip(labels, found, strict=True)
    ]


def verdict_table(judged: Sequence[Judged], *, clips: int, corrupted: float) -> Table:
    """Precision and recall of each verdict."""
    right = [j.right for j in judged]
    rows = []
    for kind, meant in ((Verdict.SUPPORTED, True), (Verdict.CONTRADICTED, False)):
        said = [j.right is meant for j in judged if j.verdict is kind]
        recall = sum(said) / max(1, sum(r is meant for r in right))
        what = "right" if meant else "wrong"
        rows.append([f"{kind.value} = {what}", len(said), percent(_mean(said), digits=1), percent(recall, digits=1)])
    open_ = [j.right for j in judged if j.verdict is Verdict.UNVERIFIED]
    rows.append(["unverified", len(open_), f"{percent(_mean(open_), digits=1)} right", "-"])
    title = f"Verdicts: {clips} clips, {len(judged)} names, {percent(1 - (_mean(right) or 0), digits=1)} of them wrong"
    note = f"names are replaced at {corrupted:.2f}, half by one of the same clip; thin classes are found 1 time in 10"
    return Table(title, ("verdict", "names", "precision", "recall"), rows, [note])


def kept_table(
    judged: Mapping[str, Sequence[Judged]], policies: Mapping[str, Policy], frequency: Mapping[str, int]
) -> Table:
    """What each policy keeps of right and of wrong names, by how frequent the class is."""
    keeps: dict[str, Callable[[Judged], bool]] = {"delete unsupported": lambda j: j.verdict is Verdict.SUPPORTED}
    found: dict[str, Sequence[Judged]] = {"delete unsupported": judged["default"], **judged}
    for name, policy in policies.items():
        keeps[name] = lambda j, p=policy: decide(p, j.claimed, verdict=j.verdict, score=j.score).keep  # type: ignore[misc]
    groups: dict[str, Callable[[Judged], bool]] = {
        "all": lambda _: True,
        "frequent": lambda j: j.true not in THIN and frequency.get(j.true, 0) >= COMMON,
        "usual": lambda j: j.true not in THIN and RARE <= frequency.get(j.true, 0) < COMMON,
        "rare": lambda j: j.true not in THIN and frequency.get(j.true, 0) < RARE,
        "thin": lambda j: j.true in THIN,
    }
    rows = []
    for group, belongs in groups.items():
        for name, keep in keeps.items():
            mine = [j for j in found[name] if belongs(j)]
            kept = [j.right for j in mine if keep(j)]
            shares = [_mean([keep(j) for j in mine if j.right is meant]) for meant in (True, False)]
            rows.append([group, name, len(mine), *(percent(s, digits=1) for s in (*shares, _mean(kept)))])
    thin = {
        name: _mean([keep(j) for j in found[name] if j.true in THIN and j.right]) or 0.0 for name, keep in keeps.items()
    }
    saved = all(thin[name] > 2 * thin["delete unsupported"] for name in policies)
    notes = [
        f"groups by the true name: frequent from {COMMON} objects in the learning clips, rare under {RARE}",
        f"thin classes keep over twice what deletion leaves, with every policy: {verdict(saved)}",
    ]
    return Table(
        "Kept, by class frequency", ("class", "rule", "names", "right kept", "wrong kept", "precision"), rows, notes
    )


def reliability_table(name: str, judged: Sequence[Judged]) -> Table:
    """Score against the share of names that are right."""
    scores, right = np.asarray([j.score for j in judged]), np.asarray([j.right for j in judged])
    rows, gap = [], 0.0
    for low, high in pairwise(BINS):
        inside = (scores >= low) & ((scores < high) | (high == BINS[-1]))
        if inside.any():
            mean, share = float(scores[inside].mean()), float(right[inside].mean())
            gap += abs(mean - share) * float(inside.mean())
            rows.append([f"{low:.1f} to {high:.1f}", int(inside.sum()), mean, share])
    brier = float(((scores - right) ** 2).mean())
    notes = [f"expected calibration error {gap:.3f}; Brier score {brier:.3f}; target under 0.05: {verdict(gap < 0.05)}"]
    return Table(f"Reliability of the score, policy {name}", ("score", "names", "mean score", "right"), rows, notes)


def _tracked(world: World, dice: Dice) -> list[TrackedObject]:
    """The true trajectories on every `STEP`-th frame, with edges a little off."""
    frames: dict[int, list[int]] = {o.id: [] for o in world.truth.objects}
    masks: dict[int, list[object]] = {o.id: [] for o in world.truth.objects}
    for index in range(0, world.video.num_frames, STEP):
        for i, mask in world.truth.masks_at(index).items():
            frames[i].append(index)
            masks[i].append(misshapen(mask, dice.throw(Kind.SPLIT, i, index), strength=SHAPE))
    return [
        TrackedObject(o.id, Trajectory.of(frames[o.id], masks[o.id]), Origin.SEED, 0.9, part_of=o.part_of)
        for o in world.truth.objects
        if frames[o.id]
    ]


def _label(object_id: int, truth: Mapping[int, str], dice: Dice, *, corrupted: float) -> Label:
    """The true name or another one; the parser is surer of the true ones, without being sure."""
    throw = dice.throw(Kind.MERGE, object_id)
    true = truth[object_id]
    wrong = bool(throw.random() < corrupted)
    confidence = float(throw.beta(4, 3) if wrong else throw.beta(6, 2))
    if not wrong:
        return Label(object_id, true, confidence)
    here = sorted({n for n in truth.values() if not agree(n, true)})
    pool = here if here and throw.random() < 0.5 else list(ELSEWHERE)
    return Label(object_id, str(throw.choice(pool)), confidence)


def _all(clips: int, first: int, given: argparse.Namespace, rule: ConceptRule) -> list[Judged]:
    jobs = [Job(first + i, tuple(Difficulty)[i % 3], given.corrupted, rule) for i in range(clips)]
    with ProcessPoolExecutor(max_workers=given.processes, mp_context=get_context("spawn")) as pool:
        return [j for found in pool.map(judged_of, jobs, chunksize=4) for j in found]


def _mean(values: Sequence[bool]) -> float | None:
    return sum(values) / len(values) if values else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.verification", description=__doc__)
    parser.add_argument("--clips", type=int, default=60, help="clips judged, easy, medium and hard in turn")
    parser.add_argument("--learning", type=int, default=30, help="clips from which the record of classes is taken")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--corrupted", type=float, default=0.3, help="share of names that are replaced")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
