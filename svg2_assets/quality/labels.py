"""Consistency of labels across tables: with trajectories, between stages, among attributes, against the evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import polars as pl

from svg2_assets.labels.canonical import canonical_name, same_thing
from svg2_assets.labels.concepts import compatible
from svg2_assets.quality.attributes import materials_of, opposed, values_of
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Check, Outcome, Problem, Severity, check
from svg2_assets.scene.taxonomy import ANIMALS, UNKNOWN_NAME, VEHICLES, AttributeType, Verdict, is_person

KEY = ("video_id", "object_id")
LEAST_VERIFIED = 0.5  # share of a video's claimed names that independent evidence supports
ENOUGH_NAMES = 3  # claimed names before a share means something
STRONG = 0.5  # mean score from which a witness is taken at its word; below 0.45 it is usually wrong (measured)
HINT = 0.1  # mean score from which a witness counts as having seen the name at all
ENOUGH_LOOKS = 3
MOST_COLORS = 3
FITS = 0.5  # volume IoU from which a track speaks for a name within a stretch, as in verification
MARGIN = 0.15  # lead over the other name's track; two names that fit alike say nothing

COARSE = {"animal": ANIMALS, "vehicle": VEHICLES}
"""A coarse name and those it covers: a `truck` called `vehicle` is not wrong. Names of people all go together."""


def labels_complete(tables: PhaseTables, *, stage: str) -> Outcome:
    """Every trajectory has exactly one label of this stage, and every label a trajectory."""
    objects, labels = tables.trajectories.select(KEY).unique(), tables.labels(stage).select(KEY)
    lost = objects.join(labels, on=KEY, how="anti").sort(KEY).iter_rows()
    stray = labels.unique().join(objects, on=KEY, how="anti").sort(KEY).iter_rows()
    twice = labels.group_by(KEY).len().filter(pl.col("len") > 1).sort(KEY).iter_rows()
    problems = [
        *(Problem(v, f"object {o} has no {stage} label", {"object_id": o}) for v, o in lost),
        *(Problem(v, f"a {stage} label of object {o}, which has no trajectory", {"object_id": o}) for v, o in stray),
        *(Problem(v, f"object {o} has {n} {stage} labels", {"object_id": o, "labels": n}) for v, o, n in twice),
    ]
    return Outcome(problems, {"labels": labels.height})


def contradictory_attributes(tables: PhaseTables, *, stage: str) -> Outcome:
    """No object has attributes that exclude each other (large and small); more than three colours are a warning, as is
    more than one single material (a table may well have a wooden top and metal legs)."""
    problems: list[Problem] = []
    for row in tables.labels(stage).select(*KEY, "name", "attributes").iter_rows(named=True):
        shown = {"object_id": row["object_id"], "name": row["name"]}
        who = f"object {row['object_id']} ({row['name']})"
        for kind, first, second in opposed(row["attributes"] or []):
            found = {"type": kind.value, "values": [first, second]}
            problems.append(Problem(row["video_id"], f"{who} is both {first!r} and {second!r}", shown | found))
        materials = materials_of(row["attributes"] or [])
        if len(materials) > 1:
            message = f"{who} is of different materials: {', '.join(materials)}"
            problems.append(Problem(row["video_id"], message, shown | {"values": materials}, Severity.WARN))
        colors = sorted(values_of(row["attributes"] or [], AttributeType.COLOR))
        if len(colors) > MOST_COLORS:
            message = f"{who} has {len(colors)} colours: {', '.join(colors)}"
            problems.append(Problem(row["video_id"], message, shown | {"values": colors}, Severity.WARN))
    return Outcome(problems)


@check("verified_share", phase="verified_labels", severity=Severity.WARN)
def verified_share(tables: PhaseTables) -> Outcome:
    """At least half of the names claimed in a video are supported by independent evidence; `object` claims nothing."""
    claimed = tables.labels("verified").filter(pl.col("name") != UNKNOWN_NAME)
    supported = pl.col("verdict") == Verdict.SUPPORTED.value
    shares = claimed.group_by("video_id", maintain_order=True).agg(supported.mean().alias("share"), pl.len())
    problems = [
        Problem(video_id, f"{share:.0%} of {n} names are supported by evidence", {"share": share, "names": n})
        for video_id, share, n in shares.iter_rows()
        if n >= ENOUGH_NAMES and share < LEAST_VERIFIED
    ]
    whole = claimed.select(supported.mean()).item() if claimed.height else 0.0
    return Outcome(problems, {"names_claimed": claimed.height, "verified_share": float(whole or 0.0)})


@check("name_vs_evidence", phase="verified_labels")
def name_vs_evidence(tables: PhaseTables) -> Outcome:
    """No name is kept that verification contradicts (error), none that confident witnesses gainsay (warn)."""
    witnesses = {(v, o): w for v, o, w in tables.trajectories.select(*KEY, "witnesses").iter_rows()}
    parsed = {(v, o): name for v, o, name in tables.labels("parsed").select(*KEY, "name").iter_rows()}
    problems: list[Problem] = []
    for row in tables.labels("verified").select(*KEY, "name", "verdict", "score", "evidence").iter_rows(named=True):
        key = (row["video_id"], row["object_id"])
        if (row["name"] or UNKNOWN_NAME) == UNKNOWN_NAME:
            continue
        if row["verdict"] == Verdict.CONTRADICTED.value and parsed.get(key, row["name"]) == row["name"]:
            message = f"object {key[1]} is still called {row['name']!r}, which the evidence contradicts"
            problems.append(Problem(key[0], message, {k: row[k] for k in row if k != "video_id"}))
        problems += _gainsaid(key, row["name"], json.loads(witnesses.get(key) or "[]"))
    return Outcome(problems)


@check("name_drift", phase="verified_labels", severity=Severity.WARN)
def name_drift(tables: PhaseTables) -> Outcome:
    """An object that was lost and found again (`relinked_from`) keeps its name, however often; `object` claims nothing,
    so the name before that counts."""
    names = {(v, o): name for v, o, name in tables.labels("verified").select(*KEY, "name").iter_rows()}
    relinked = tables.trajectories.select(*KEY, "relinked_from").drop_nulls("relinked_from")
    earlier = {(v, o): old for v, o, old in relinked.iter_rows()}
    problems = []
    for (video_id, object_id), now in names.items():
        if (video_id, object_id) not in earlier or (now or UNKNOWN_NAME) == UNKNOWN_NAME:
            continue
        old, before = _last_named(video_id, object_id, names=names, earlier=earlier)
        if before != UNKNOWN_NAME and not _compatible(now, before):
            message = f"object {object_id} is called {now!r}; before it was lost, as {old}, {before!r}"
            problems.append(Problem(video_id, message, {"object_id": object_id}))
    return Outcome(problems, {"relinked": relinked.height})


@check("names_across_windows", phase="verified_labels", severity=Severity.WARN)
def names_across_windows(tables: PhaseTables) -> Outcome:
    """Stretches of one trajectory (6 s), within its windows and across them, support one name, a synonym or a coarser
    one; a stretch speaks from a volume IoU of 0.5, 0.15 ahead of any other name, on at least 3 frames looked at."""
    problems: list[Problem] = []
    judged = 0
    columns = (*KEY, "evidence_stretches")
    for video_id, object_id, stretches in tables.labels("verified").select(columns).iter_rows():
        said = _said_along(stretches or ())
        judged += bool(said)
        names = list(dict.fromkeys(name for name, _, _ in said))
        if all(_one_thing(a, b) for i, a in enumerate(names) for b in names[:i]):
            continue
        along = ", then ".join(f"{name!r} from {start:.1f} to {end:.1f} s" for name, start, end in said)
        row = {"object_id": object_id, "names": names}
        problems.append(Problem(video_id, f"object {object_id}: tracks of names fit it as {along}", row))
    return Outcome(problems, {"objects_with_evidence": judged})


def _said_along(stretches: Sequence[Mapping[str, Any]]) -> list[tuple[str, float, float]]:
    """(name, start, end) in seconds of what confident stretches support; neighbours of one name are joined."""
    said: list[tuple[str, float, float]] = []
    for stretch in sorted(stretches, key=lambda s: float(s["start"])):
        name = _supported(stretch)
        if said and name and canonical_name(said[-1][0]) == canonical_name(name):
            said[-1] = (said[-1][0], said[-1][1], stretch["end"])
        elif name:
            said.append((name, stretch["start"], stretch["end"]))
    return said


def _supported(stretch: Mapping[str, Any]) -> str:
    """The name that fits a stretch clearly, "" without one."""
    own, rival = float(stretch["viou"]), float(stretch["rival_viou"] or 0.0)
    if stretch["looks"] < ENOUGH_LOOKS or max(own, rival) < FITS or abs(own - rival) < MARGIN:
        return ""
    return str(stretch["concept"] if own > rival else stretch["rival"])


def _one_thing(first: str, second: str) -> bool:
    """Whether both names can be true of what does not change: synonyms, finer and coarser, one head noun."""
    return _compatible(first, second) or compatible(first, second) or same_thing(first, second)


def _last_named(
    video_id: str, object_id: int, *, names: Mapping[tuple[str, int], str], earlier: Mapping[tuple[str, int], int]
) -> tuple[int, str]:
    """The nearest earlier id of an object under which it had a name, and that name; `object` where it never had one."""
    passed = {object_id}
    while (video_id, object_id) in earlier:
        object_id = earlier[video_id, object_id]
        name = names.get((video_id, object_id)) or UNKNOWN_NAME
        if name != UNKNOWN_NAME or object_id in passed:
            return object_id, name
        passed.add(object_id)
    return object_id, UNKNOWN_NAME


def _gainsaid(key: tuple[str, int], name: str, witnesses: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """A confident witness that saw something else, where no witness saw the name."""
    heard = [w for w in witnesses if w["looks"] >= ENOUGH_LOOKS and w["scores"]]
    if any(score >= HINT and _compatible(name, seen) for w in heard for seen, score in w["scores"].items()):
        return
    for witness in heard:
        seen, score = max(witness["scores"].items(), key=lambda item: float(item[1]))
        if score >= STRONG:
            message = f"object {key[1]} is called {name!r}; {witness['source']} sees {seen!r} ({score:.2f})"
            row = {"object_id": key[1], "name": name, "source": witness["source"], "seen": seen, "score": score}
            yield Problem(key[0], message, row, Severity.WARN)


def _compatible(first: str, second: str) -> bool:
    """Whether two names can mean one thing: they share a word, both are people, or one covers the other."""
    a, b = first.strip().lower(), second.strip().lower()
    if set(a.split()) & set(b.split()) or (is_person(a) and is_person(b)):
        return True
    return a in COARSE.get(b, ()) or b in COARSE.get(a, ())


def _of_stage(phase: str, stage: str) -> tuple[Check, ...]:
    return tuple(
        Check(
            name=function.__name__,
            phase=phase,
            severity=Severity.ERROR,
            description=" ".join((function.__doc__ or "").split()),
            function=partial(function, stage=stage),
        )
        for function in (labels_complete, contradictory_attributes)
    )


PARSED = _of_stage("parsed_labels", "parsed")
VERIFIED = (
    *_of_stage("verified_labels", "verified"),
    verified_share,
    name_vs_evidence,
    name_drift,
    names_across_windows,
)
