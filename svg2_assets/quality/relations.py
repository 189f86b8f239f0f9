"""Checks of Phase 3: relations join objects that exist, while both are visible, and do not contradict each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, check
from svg2_assets.scene.spans import Span, Spans
from svg2_assets.scene.taxonomy import CAMERA_ID, UNKNOWN_NAME, Category, contradicts, inverse_of, legal_endpoints
from svg2_assets.scene.video import Video

Row = Mapping[str, Any]

ROUNDING = 1e-4  # seconds; spans are stored rounded
_EVER = 1e9  # seconds; later than any video ends


@check("endpoints_exist", phase="relations")
def endpoints_exist(tables: PhaseTables) -> Outcome:
    """Subject and object of every relation have a trajectory, or are the camera (-1)."""
    known = {(v, o) for v, o in tables.trajectories.select("video_id", "object_id").iter_rows()}
    problems = [
        _problem(row, f"the {end} {row[end]} has no trajectory")
        for row in _rows(tables)
        for end in ("subject", "object")
        if row[end] != CAMERA_ID and (row["video_id"], row[end]) not in known
    ]
    return Outcome(problems, {"relations": tables.relations.height})


@check("no_self_relation", phase="relations")
def no_self_relation(tables: PhaseTables) -> Outcome:
    """No object is related to itself."""
    return Outcome([_problem(r, "relates an object to itself") for r in _rows(tables) if r["subject"] == r["object"]])


@check("well_formed", phase="relations")
def well_formed(tables: PhaseTables) -> Outcome:
    """Every relation has a predicate, a category of the vocabulary, and a confidence in 0..1."""
    problems = [_problem(row, message) for row in _rows(tables) for message in _malformed(row)]
    return Outcome(problems)


@check("spans_inside_video", phase="relations")
def spans_inside_video(tables: PhaseTables) -> Outcome:
    """Every relation holds at some time, its spans are sorted, disjoint, of positive length, and within the video."""
    ends = {v: (d or 0.0) + (1 / fps if fps else 0.0) for v, d, fps in _clocks(tables)}
    problems = [
        _problem(row, message) for row in _rows(tables) for message in _bad_spans(row, ends.get(row["video_id"], 0.0))
    ]
    return Outcome(problems)


@check("spans_within_covisibility", phase="relations")
def spans_within_covisibility(tables: PhaseTables) -> Outcome:
    """A relation holds only while both of its objects are visible, to within one frame; the camera always is."""
    rows = _rows(tables)
    videos = {v: _video(row) for v, row in _videos(tables).items() if any(r["video_id"] == v for r in rows)}
    ends = {(r["video_id"], r[end]) for r in rows for end in ("subject", "object")}
    visible = {
        (v, o): videos[v].spans_of(frames)
        for v, o, frames in tables.trajectories.select("video_id", "object_id", "frames").iter_rows()
        if (v, o) in ends and v in videos
    }
    problems = [_problem(row, m, **shown) for row in rows for m, shown in _unseen(row, visible, videos)]
    return Outcome(problems)


@check("no_contradictions", phase="relations")
def no_contradictions(tables: PhaseTables) -> Outcome:
    """Each statement is made once (not again as its inverse), and never together with its contrary at one time."""
    groups: dict[tuple[str, int, int], list[tuple[str, Row]]] = {}
    for row in _rows(tables):
        subject, predicate, object_ = _one_way(row)
        groups.setdefault((row["video_id"], subject, object_), []).append((predicate, row))
    return Outcome([problem for statements in groups.values() for problem in _contradictions(statements)])


@check("category_legal", phase="relations")
def category_legal(tables: PhaseTables) -> Outcome:
    """The category suits the kinds of its ends: only people and animals act, attend and are social."""
    names = tables.names()
    problems: list[Problem] = []
    for row in _rows(tables):
        subject = names.get((row["video_id"], row["subject"]), UNKNOWN_NAME)
        object_ = names.get((row["video_id"], row["object"]), UNKNOWN_NAME)
        if row["category"] not in list(Category):
            continue  # well_formed says so
        legal = legal_endpoints(
            Category(row["category"]), subject=subject, object_=object_, subject_is_camera=row["subject"] == CAMERA_ID
        )
        if not legal:
            message = f"{row['category']} cannot hold between {subject!r} and {object_!r}"
            problems.append(_problem(row, message, subject_name=subject, object_name=object_))
    return Outcome(problems)


def _rows(tables: PhaseTables) -> list[dict[str, Any]]:
    return tables.once("rows of relations", lambda t: list(t.relations.iter_rows(named=True)))


def _videos(tables: PhaseTables) -> dict[str, Row]:
    return {row["video_id"]: row for row in tables.videos.iter_rows(named=True)}


def _clocks(tables: PhaseTables) -> Iterator[tuple[str, float, float]]:
    yield from tables.videos.select("video_id", "duration", "fps").iter_rows()


def _video(row: Row) -> Video:
    times = tuple(row["frame_times"]) if row["variable_rate"] and row["frame_times"] else None
    return Video(
        id=row["video_id"],
        uri=row["uri"] or "",
        sha256=row["sha256"] or "",
        width=row["width"],
        height=row["height"],
        fps=row["fps"],
        num_frames=row["num_frames"],
        duration=row["duration"],
        frame_times=times,
    )


def _problem(row: Row, message: str, **shown: Any) -> Problem:
    statement = f"{row['subject']} {row['predicate']!r} {row['object']}"
    kept = {k: row[k] for k in ("relation_id", "subject", "predicate", "object", "category")}
    return Problem(row["video_id"], f"{statement}: {message}", {**kept, **shown})


def _malformed(row: Row) -> Iterator[str]:
    if not (row["predicate"] or "").strip():
        yield "the predicate is empty"
    if row["category"] not in list(Category):
        yield f"category {row['category']!r} is not one of {', '.join(Category)}"
    confidence = row["confidence"]
    if confidence is None or not 0 <= confidence <= 1:
        yield f"confidence {confidence} is outside 0..1"


def _bad_spans(row: Row, end_of_video: float) -> Iterator[str]:
    spans = [(s["start"], s["end"]) for s in row["spans"] or []]
    if not spans:
        yield "holds at no time"
    for start, end in spans:
        if start is None or end is None or not (math.isfinite(start) and math.isfinite(end) and 0 <= start < end):
            yield f"[{start}, {end}) is not a span of positive length"
            return
    if any(later[0] < earlier[1] for earlier, later in pairwise(spans)):
        yield "its spans are not sorted and disjoint"
    if spans and max(e for _, e in spans) > end_of_video + ROUNDING:
        yield f"holds until {max(e for _, e in spans):.3f} s, the video ends at {end_of_video:.3f} s"


def _spans(row: Row) -> Spans:
    """The spans of a relation that are spans at all; `spans_inside_video` complains of the rest."""
    pairs = [(s["start"], s["end"]) for s in row["spans"] or []]
    return Spans.of((a, b) for a, b in pairs if a is not None and b is not None and 0 <= a < b < _EVER)


def _unseen(
    row: Row, visible: Mapping[tuple[str, int], Spans], videos: Mapping[str, Video]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The parts of a relation's spans, longer than a frame, in which one of its ends is not visible."""
    video = videos.get(row["video_id"])
    if video is None:
        yield "its video is not in the catalog", {}
        return
    frame = float(np.diff(video.edges).max()) + ROUNDING
    for end in ("subject", "object"):
        seen = visible.get((row["video_id"], row[end]))
        if row[end] == CAMERA_ID or seen is None:  # endpoints_exist complains of the latter
            continue
        outside = (_spans(row) & _complement(seen)).longer_than(frame)
        if outside:
            first = outside.parts[0]
            text = f"the {end} is not visible from {first.start:.3f} to {first.end:.3f} s"
            yield text, {"not_visible": end, "outside": outside.to_json()}


def _complement(spans: Spans) -> Spans:
    edges = [0.0, *(t for part in spans for t in (part.start, part.end)), _EVER]
    return Spans.of(Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b)


def _one_way(row: Row) -> tuple[int, str, int]:
    """The statement with the lower id first where it can be turned round, so that both ways of saying it are one."""
    subject, predicate, object_ = row["subject"], row["predicate"] or "", row["object"]
    inverse = inverse_of(predicate)
    return (object_, inverse, subject) if inverse is not None and subject > object_ else (subject, predicate, object_)


def _contradictions(statements: Sequence[tuple[str, Row]]) -> Iterator[Problem]:
    for (first, one), (second, other) in combinations(statements, 2):
        said = f"{other['subject']} {other['predicate']!r} {other['object']}"
        if first == second:
            same = (one["subject"], one["predicate"]) == (other["subject"], other["predicate"])
            message = "is stated twice" if same else f"says the same as {said}"
            yield _problem(one, message, other_id=other["relation_id"])
        elif contradicts(first, second):
            common = _spans(one) & _spans(other)
            if common.duration > ROUNDING:
                message = f"contradicts {said} for {common.duration:.2f} s"
                yield _problem(one, message, other_id=other["relation_id"], at=common.to_json())


CHECKS = (
    endpoints_exist,
    no_self_relation,
    well_formed,
    spans_inside_video,
    spans_within_covisibility,
    no_contradictions,
    category_legal,
)
