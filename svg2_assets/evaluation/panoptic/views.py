"""What an evaluation of panoptic maps found, as tables of text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from svg2_assets.evaluation.harness.tables import NOTHING, Block, some, unusable
from svg2_assets.evaluation.panoptic.counting import PQ, STEP, STQ, VPQ, Figures
from svg2_assets.evaluation.panoptic.evaluating import Maps, SystemMaps
from svg2_assets.evaluation.public.panoptic import PanopticQuality, Tally
from svg2_assets.evaluation.public.stq import TrackingQuality

GROUPS = ("category",)


def blocks(maps: Maps, by: Sequence[str] = ()) -> Iterator[Block]:
    """Every table, in order."""
    yield _videos(maps)
    if maps.rejected or any(s.rejected or s.unreadable for s in maps.systems):
        sides = [(maps.truth, maps.rejected), *((s.name, {**s.rejected, **s.unreadable}) for s in maps.systems)]
        yield unusable(sides)
    yield _figures(maps)
    if by:
        yield _by_category(maps)


def markdown(maps: Maps, by: Sequence[str] = ()) -> str:
    """All tables as one document."""
    shown = "\n".join(block.markdown() for block in blocks(maps, by))
    return f"# Panoptic maps against truth\n\n{shown}"


def to_json(maps: Maps) -> dict[str, Any]:
    """Every figure, in 0..1, by category and, of STQ, by video. For `json.dumps`; what is no number is null."""
    return {
        "truth": maps.truth,
        "images": maps.images,
        "videos": maps.videos,
        "frames": maps.frames,
        "windows": list(maps.windows),
        "categories": [dict(c) for c in maps.categories],
        "true_videos_not_read": dict(maps.rejected),
        "systems": [_system(s) for s in maps.systems],
    }


def rows_of(figures: Figures) -> dict[str, float | None]:
    """Each figure by its name, in 0..1."""
    found: dict[str, float | None] = {}
    if figures.pq is not None:
        for group, quality in _groups(figures.pq):
            found |= {f"{m.upper()} {group}".strip(): getattr(quality, m) for m in ("pq", "sq", "rq")}
    if figures.vpq is not None:
        of = figures.vpq
        found |= {f"VPQ k={k}": q.all.pq for k, q in of.windows.items()}
        found |= {"VPQ": of.vpq, "VPQ things": of.things, "VPQ stuff": of.stuff}
    for name, tracked in ((STQ, figures.stq), (STEP, figures.step)):
        if tracked is not None:
            of_all = {"STQ": tracked.all.stq, "AQ": tracked.all.aq, "IoU": tracked.all.iou}
            found |= {name.replace("STQ", metric): _number(value) for metric, value in of_all.items()}
    return found


def _videos(maps: Maps) -> Block:
    kind = "image" if maps.images else "video"
    rows = []
    for s in maps.systems:
        paired_by = ", ".join(f"{count} by {way}" for way, count in s.pairing.how.items()) or NOTHING
        frames_by = ", ".join(f"{count} by {way}" for way, count in s.frames_by.items()) or NOTHING
        rows.append(
            [s.name, paired_by, str(len(s.unpredicted)), str(len(s.pairing.extra)), frames_by,
             str(sum(s.missing.values())), str(sum(s.extra.values())), str(len(s.unreadable))]
        )  # fmt: skip
    notes = [
        f"Truth {maps.truth}: {maps.videos} {kind}s, {maps.frames} frames, {len(maps.categories)} categories. What has "
        "no prediction, or one that cannot be read, counts as void; what has no truth does not count.",
        *(note for s in maps.systems for note in _warnings(s)),
    ]
    if maps.images:
        notes.append("Images have no time: VPQ and STQ are of videos.")
    columns = (
        "system", f"{kind}s paired", f"{kind}s missing", "without truth", "frames paired", "frames missing",
        "frames without truth", "not readable",
    )  # fmt: skip
    return Block("Compared", columns, rows, notes)


def _warnings(s: SystemMaps) -> Iterator[str]:
    if s.unpredicted:
        yield f"{s.name}: no prediction for {some(s.unpredicted)}"
    if s.pairing.extra:
        yield f"{s.name}: no truth for {some(s.pairing.extra)}"
    for what, found in (("frames without a prediction", s.missing), ("frames without truth", s.extra)):
        if found:
            yield f"{s.name}: {what}: {some([f'{video} {count}' for video, count in found.items()])}"
    if s.void:
        names = some([f"{name} in {count}" for name, count in s.void.items()], of="name")
        yield f"{s.name}: names that are no category, whose pixels are void: {names}"
    if s.renamed:
        yield f"WARNING {s.name}: categories are compared by number, but {some(s.renamed, of='number')}"


def _figures(maps: Maps) -> Block:
    found = [rows_of(s.figures) for s in maps.systems]
    names = dict.fromkeys(name for rows in found for name in rows)
    rows = [[name, *(_percent(of.get(name)) for of in found)] for name in names]
    notes = [f"{s.name}: no {metric}: {why}" for s in maps.systems for metric, why in _failed(s.figures.failed)]
    notes += [
        f"{s.name}: {k} frames are more than {count} of {maps.videos} videos have"
        for s in maps.systems
        if s.figures.vpq is not None
        for k, count in s.figures.vpq.too_short.items()
        if count
    ]
    left_out = next((s.figures.pq.left_out for s in maps.systems if s.figures.pq is not None), 0)
    if left_out:
        notes.append(f"{left_out} true segments are of categories that the list does not have, and count in no mean.")
    notes.append("Percent. Conventions: docs/evaluation-public.md.")
    return Block("Figures", ("metric", *(s.name for s in maps.systems)), rows, notes)


def _failed(reasons: Mapping[str, str]) -> list[tuple[str, str]]:
    """Metrics that could not be computed, those of one reason together."""
    by: dict[str, list[str]] = {}
    for metric, why in reasons.items():
        by.setdefault(why, []).append(metric)
    return [(", ".join(metrics), why) for why, metrics in by.items()]


def _by_category(maps: Maps) -> Block:
    rows = []
    for category in maps.categories:
        kind = "thing" if category["isthing"] == 1 else "stuff"
        for s in maps.systems:
            of = s.figures
            if of.pq is None or (tally := of.pq.tallies[category["id"]]) == Tally():
                continue
            one = of.pq.per_class[category["id"]]
            name = str(category.get("name", category["id"]))
            counts = [str(n) for n in (tally.tp, tally.fp, tally.fn)]
            windows = of.vpq.windows.values() if of.vpq is not None else ()
            there = [q.per_class[category["id"]].pq for q in windows if q.tallies[category["id"]] != Tally()]
            vpq = sum(p for p in there if p is not None) / len(there) if there else None
            rows.append([name, kind, s.name, *map(_percent, (one.pq, one.sq, one.rq)), *counts, _percent(vpq)])
    columns = ("category", "", "system", "PQ", "SQ", "RQ", "right", "invented", "missed", "VPQ")
    return Block("By category", columns, rows, ["Categories that occur on neither side are left out."])


def _system(s: SystemMaps) -> dict[str, Any]:
    of = s.figures
    return {
        "name": s.name,
        "source": s.spec,
        "paired_by": dict(s.pairing.how),
        "frames_paired_by": dict(s.frames_by),
        "without_prediction": list(s.unpredicted),
        "without_truth": list(s.pairing.extra),
        "frames_missing": dict(s.missing),
        "frames_without_truth": dict(s.extra),
        "not_read": {**s.rejected, **s.unreadable},
        "failed": dict(of.failed),
        "void_names": dict(s.void),
        "categories_named_otherwise": list(s.renamed),
        "figures": rows_of(of),
        PQ: None if of.pq is None else _qualities(of.pq),
        VPQ: None if of.vpq is None else {
            "windows": {str(k): _qualities(q) for k, q in of.vpq.windows.items()},
            "too_short": {str(k): n for k, n in of.vpq.too_short.items()},
        },
        STQ: _tracking(of.stq),
        STEP: _tracking(of.step),
    }  # fmt: skip


def _qualities(found: PanopticQuality) -> dict[str, Any]:
    groups = {group or "all": asdict(quality) for group, quality in _groups(found)}
    by = {
        str(c): asdict(q) | asdict(found.tallies[c]) for c, q in found.per_class.items() if found.tallies[c] != Tally()
    }
    return {**groups, "categories": by, "left_out": found.left_out}


def _tracking(found: TrackingQuality | None) -> dict[str, Any] | None:
    if found is None:
        return None
    named = {"all": found.all} | {f"video:{v}": tracked for v, tracked in found.per_sequence.items()}
    return {name: {key: _number(value) for key, value in asdict(t).items()} for name, t in named.items()}


def _groups(found: PanopticQuality) -> Sequence[tuple[str, Any]]:
    return ("", found.all), ("things", found.things), ("stuff", found.stuff)


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{100 * share:.2f}"
