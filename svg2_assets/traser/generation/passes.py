"""One telling of a clip from several passes, each of which saw some of its objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.traser.answers import Answer, Remark
from svg2_assets.traser.text import Statement, Thing, Told, in_order


@dataclass(frozen=True, slots=True)
class Pass:
    """An answer and the objects that it is about: its object k is `shown[k - 1]`, a number of the whole."""

    answer: Answer
    shown: Sequence[int]


def merge_passes(passes: Sequence[Pass]) -> Answer:
    """What all passes say together, in the numbers of the whole; the camera is the same in all.

    An object that several passes saw has the name that most of them give it, or the first of those, and the
    attributes of all who call it so. Times of the same statement are joined. Raises `ValueError` for a pass that
    speaks of an object which it was not shown.
    """
    things: dict[int, list[Thing]] = {}
    statements: list[Statement] = []
    remarks: list[Remark] = []
    for number, one in enumerate(passes, 1):
        told = _renumbered(one, number)
        for thing in told.things:
            things.setdefault(thing.number, []).append(thing)
        statements += told.statements
        remarks += [Remark(r.flaw, f"pass {number}: {r.detail}") for r in one.answer.remarks]
    named = tuple(_agreed(things[n]) for n in sorted(things))
    return Answer(Told(named, tuple(in_order(statements))), tuple(remarks), all(p.answer.complete for p in passes))


def _renumbered(one: Pass, number: int) -> Told:
    whole = dict(enumerate(one.shown, 1)) | {CAMERA_ID: CAMERA_ID}
    told = one.answer.told
    used = {t.number for t in told.things} | {n for s in told.statements for n in (s.subject, s.object)}
    if used - whole.keys():
        raise ValueError(
            f"pass {number} speaks of objects {sorted(used - whole.keys())}; it was shown {len(one.shown)}"
        )
    return Told(
        tuple(Thing(whole[t.number], t.name, t.attributes) for t in told.things),
        tuple(Statement(whole[s.subject], s.predicate, whole[s.object], s.spans) for s in told.statements),
    )


def _agreed(reports: Sequence[Thing]) -> Thing:
    name = Counter(r.name for r in reports).most_common(1)[0][0]
    attributes = (a for r in reports if r.name == name for a in r.attributes)
    return Thing(reports[0].number, name, tuple(dict.fromkeys(attributes)))
