"""Names, attributes and relations against what was written down by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.chain import Annotated
from benchmarks.data import REFERENCES, Data, listed_relations, named_clips
from benchmarks.tables import Table, percent, verdict
from svg2_assets.evaluation.boxes import Box, box_iou
from svg2_assets.evaluation.naming import TIE_IOU, ClipTruth, Judgement, Thing, judge_attribute, judge_name, tied_thing
from svg2_assets.evaluation.statements import Claim, Judged, Listed, claims_of, judge
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.trajectory import Trajectory

Annotate = Callable[[str], Annotated]
"""Name of a clip in the data folder -> its graph."""

NAME_TARGET = 0.95
FOUND_IOU = 0.5
OBJECTS_TARGET, NAMED_TARGET, RELATIONS_TARGET = 5, 4, 4
SAME = {
    "near": {"near", "next to", "beside", "touching"},
    "standing on": {"standing on", "on"},
    "holding": {"holding", "carrying"},
    "on": {"on", "standing on"},
}
"""Predicates of the reference graphs to the claims that say as much."""


@dataclass(slots=True)
class ReferenceScore:
    """One clip against its reference graph."""

    objects: int = 0
    found: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)
    judged: Judged = field(default_factory=lambda: Judged((), (), (), 0))
    listed: int = 0
    false_listed: int = 0


def reference_table(data: Data, annotate: Annotate) -> Table:
    """The two hand-written reference graphs of the SAM 2 demo clips."""
    truths = dict(named_clips())
    scores: dict[str, ReferenceScore] = {}
    for name in REFERENCES:
        clip = f"sam2-demo/{name}.mp4"
        scores[name] = score_reference(data.reference(name), annotate(clip), truths[clip].things)
    rows = [_reference_row(name, s) for name, s in scores.items()]
    found, named = (sum(len(getattr(s, part)) for s in scores.values()) for part in ("found", "named"))
    true, false = (sum(len(getattr(s.judged, part)) for s in scores.values()) for part in ("found", "false"))
    notes = [
        f"objects found {found} of {sum(s.objects for s in scores.values())}, "
        f"at least {OBJECTS_TARGET}: {verdict(found >= OBJECTS_TARGET)}",
        f"named right {named}, at least {NAMED_TARGET}: {verdict(named >= NAMED_TARGET)}",
        f"listed true relations found {true} of {sum(s.listed for s in scores.values())}, "
        f"at least {RELATIONS_TARGET}: {verdict(true >= RELATIONS_TARGET)}",
        f"listed false relations claimed {false}, none: {verdict(false == 0)}",
    ]
    for name, s in scores.items():
        notes += [f"{name} found: {f}" for f in s.judged.found] + [f"{name} missed: {m}" for m in s.judged.missed]
        notes += [f"{name} FALSE: {_told(c)}" for c in s.judged.false]
    columns = ("clip", "objects found", "named right", "true found", "false claimed", "other claims")
    return Table("Reference graphs", columns, rows, notes)


def score_reference(reference: Mapping[str, Any], graph: Annotated, own: Sequence[Thing]) -> ReferenceScore:
    """Objects are found by the mean IoU on the reference's anchor frames, or on those of names.json; absent is 0.

    Relations are judged of every trajectory that is a piece of an object, found or not.
    """
    score = ReferenceScore()
    overlap: dict[tuple[int, str], float] = {}
    for number, names, anchors in reference_objects(reference, own):
        score.objects += 1
        best = max(((anchored_iou(o.trajectory, anchors), o.id) for o in graph.tracks.objects), default=(0.0, -1))
        if best[0] >= FOUND_IOU:
            score.found.append(f"{number} {min(names)}")
            if graph.name_of(best[1]) in names:
                score.named.append(f"{number} {graph.name_of(best[1])}")
        overlap |= {(o.id, number): anchored_iou(o.trajectory, anchors, absent=False) for o in graph.tracks.objects}
    claims, others = claims_of(graph.relations, _tied(overlap))
    true = [_listed(line, graph.video.duration) for line in reference["relationships"]]
    false = [_listed(line, graph.video.duration) for line in reference["false_relations"]]
    judged = judge(claims, true=true, false=false)
    score.judged = Judged(judged.found, judged.missed, judged.false, judged.unjudged + others)
    score.listed, score.false_listed = len(true), len(false)
    return score


def names_table(data: Data, annotate: Annotate) -> Table:
    """Precision of the claimed names over all clips, with abstention beside it."""
    rows, wrong = [], []
    total: Counter[Judgement] = Counter()
    for clip, truth in named_clips():
        if not data.has(clip):
            continue
        counts, mistakes = judge_names(annotate(clip), truth)
        rows.append(_name_row(clip, counts))
        total.update(counts)
        wrong += [f"{clip} {m}" for m in mistakes]
    rows.append(_name_row("all", total))
    claimed = total[Judgement.RIGHT] + total[Judgement.WRONG]
    share = total[Judgement.RIGHT] / claimed if claimed else 0.0
    notes = [
        f"claimed names right >= {NAME_TARGET:.0%}: {verdict(share >= NAME_TARGET)}",
        *(f"WRONG: {w}" for w in wrong),
    ]
    columns = ("clip", "objects", "claimed", "right", "wrong", "abstained", "precision")
    return Table("Names", columns, rows, notes)


def judge_names(graph: Annotated, truth: ClipTruth) -> tuple[Counter[Judgement], list[str]]:
    """Counts of right, wrong and abstained names, and the wrong ones in words."""
    counts: Counter[Judgement] = Counter()
    mistakes: list[str] = []
    for o in graph.tracks.objects:
        if not len(o.trajectory):
            continue
        judged = judge_name(graph.name_of(o.id), o.trajectory, truth)
        counts[judged.judgement] += 1
        if judged.judgement is Judgement.WRONG:
            first = o.trajectory.frames[0]
            box = [round(v) for v in o.trajectory.masks[0].box]
            at = f"frames {first}-{o.trajectory.frames[-1]}, first box {box}"
            mistakes.append(f"#{o.id} '{judged.name}' is {judged.what or 'nothing listed'} ({at})")
    return counts, mistakes


def attributes_table(data: Data, annotate: Annotate) -> Table:
    """Colours, clothing, motion and shape where the labels speak of them."""
    rows, wrong = [], []
    right = judged = 0
    for clip, truth in named_clips():
        if not data.has(clip):
            continue
        ok, mistakes, silent = judge_attributes(annotate(clip), truth)
        rows.append([clip, ok + len(mistakes), ok, len(mistakes), silent, percent(_share(ok, ok + len(mistakes)))])
        right, judged = right + ok, judged + ok + len(mistakes)
        wrong += [f"WRONG: {clip} {m}" for m in mistakes]
    rows.append(["all", judged, right, judged - right, "", percent(_share(right, judged))])
    return Table("Attributes", ("clip", "judged", "right", "wrong", "not judged", "precision"), rows, wrong)


def judge_attributes(graph: Annotated, truth: ClipTruth) -> tuple[int, list[str], int]:
    """How many are right, the wrong ones in words, how many the labels do not speak of."""
    right, wrong, silent = 0, [], 0
    for verified in graph.labels:
        o = next(o for o in graph.tracks.objects if o.id == verified.label.object_id)
        thing = tied_thing(o.trajectory, truth)
        for attribute in verified.label.attributes:
            verdict_ = judge_attribute(attribute, thing) if thing is not None else None
            right += verdict_ is Judgement.RIGHT
            silent += verdict_ is None
            if verdict_ is Judgement.WRONG and thing is not None:
                wrong.append(f"#{o.id} {attribute.type.value} '{attribute.value}' of {thing.what}")
    return right, wrong, silent


def relations_table(data: Data, annotate: Annotate) -> Table:
    """Relations against our own short lists."""
    truths, rows, notes = dict(named_clips()), [], []
    for clip, (true, false, never) in listed_relations().items():
        if not data.has(clip):
            continue
        graph = annotate(clip)
        tied = {o.id: _what(o.trajectory, truths[clip]) for o in graph.tracks.objects}
        claims, others = claims_of(graph.relations, {i: w for i, w in tied.items() if w})
        judged = judge(claims, true=true, false=false, never=never)
        kinds = Counter(r.predicate for r in graph.relations)
        common = ", ".join(f"{n} {p}" for p, n in kinds.most_common(6))
        rows.append([clip, len(true), len(judged.found), len(judged.false), judged.unjudged + others, common])
        notes += [f"FALSE: {clip} {_told(c)}" for c in judged.false] + [f"found: {clip} {f}" for f in judged.found]
    columns = ("clip", "true listed", "found", "false claimed", "other claims", "predicates")
    return Table("Relations, own lists", columns, rows, notes)


def reference_objects(
    reference: Mapping[str, Any], own: Sequence[Thing]
) -> list[tuple[str, frozenset[str], list[dict[int, Box]]]]:
    """Number, right names and the alternative sets of anchors of each reference object."""
    objects = []
    for number, entry in enumerate(reference["objects"], start=1):
        names = frozenset({entry[f"object {number}"], *entry["accept"]})
        given = {int(f): tuple(boxes[str(number)]) for f, boxes in reference["anchors"].items() if str(number) in boxes}
        same = next((t for t in own if names & t.accept), None)
        more = {f: b[0] for f, b in same.boxes.items()} if same is not None else {}
        objects.append((str(number), names, [a for a in (given, more) if a]))
    return objects


def _tied(overlap: Mapping[tuple[int, str], float]) -> dict[int, str]:
    """Each trajectory to the reference object that it overlaps best, if well enough to be a piece of it."""
    best: dict[int, tuple[float, str]] = {}
    for (track, number), share in overlap.items():
        best[track] = max(best.get(track, (0.0, "")), (share, number))
    return {track: number for track, (share, number) in best.items() if share >= TIE_IOU}


def anchored_iou(trajectory: Trajectory, anchors: Sequence[dict[int, Box]], *, absent: bool = True) -> float:
    """The best over `anchors` of the mean IoU; frames where the trajectory is absent count 0 or, else, not at all."""
    return max((_mean_iou(trajectory, a, absent=absent) for a in anchors), default=0.0)


def _mean_iou(trajectory: Trajectory, anchors: dict[int, Box], *, absent: bool) -> float:
    shown = {f: trajectory.at(f) for f in anchors}
    ious = [float(box_iou([m.box], [anchors[f]])[0, 0]) for f, m in shown.items() if m is not None]
    count = len(anchors) if absent else len(ious)
    return float(np.sum(ious)) / count if count else 0.0


def _listed(line: Sequence[Any], duration: float) -> Listed:
    """A line of a reference graph; its spans are whole seconds with both ends included."""
    predicates = frozenset({line[1]} | SAME.get(line[1], set()))
    given = line[3] if len(line) > 3 else [[0, duration]]
    spans = Spans.of([[s, min(e + 1, duration)] for s, e in given if s < duration])
    return Listed(str(line[0]), predicates, str(line[2]), spans)


def _reference_row(name: str, s: ReferenceScore) -> list[Any]:
    found, named = (f"{len(part)} ({', '.join(part)})" for part in (s.found, s.named))
    true = f"{len(s.judged.found)} of {s.listed}"
    return [name, found, named, true, f"{len(s.judged.false)} of {s.false_listed}", s.judged.unjudged]


def _name_row(clip: str, counts: Mapping[Judgement, int]) -> list[Any]:
    right, wrong = counts.get(Judgement.RIGHT, 0), counts.get(Judgement.WRONG, 0)
    abstained = counts.get(Judgement.ABSTAINED, 0)
    share = percent(_share(right, right + wrong))
    return [clip, right + wrong + abstained, right + wrong, right, wrong, abstained, share]


def _what(trajectory: Trajectory, truth: ClipTruth) -> str:
    thing = tied_thing(trajectory, truth)
    return "" if thing is None else thing.what


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _told(claim: Claim) -> str:
    spans = ", ".join(f"{p.start:.1f}-{p.end:.1f} s" for p in claim.spans)
    return f"{claim.subject} {claim.predicate} {claim.object} ({spans})"
