"""Masks and identities against truth: DAVIS region similarity, whole pedestrians, who is who on vtest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.data import DAVIS, VTEST, Data, vtest_identities, vtest_people
from benchmarks.tables import Table, percent, verdict
from resources.embedded import models
from resources.embedded.u2netp import U2NetP
from resources.media.reader import VideoReader
from svg2_assets.evaluation.boxes import Box, interpolated
from svg2_assets.evaluation.identities import LabelledFrame, identity_scores
from svg2_assets.evaluation.regions import best_single, best_union, mean_overlap
from svg2_assets.scene.masks import Mask, intersection_areas
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

MEAN_TARGET, CLIP_TARGET, EMPTY_TARGET = 0.86, 0.68, 0.05
NEARLY_EMPTY = 0.15  # of the person's box; a whole pedestrian fills about half of it
U2NETP_SIZE = 320

Track = Callable[[Path], tuple[VideoReader, TrackingResult]]


def davis_table(data: Data, track: Track, *, clips: Iterable[str] = DAVIS, cache: Path | None = None) -> Table:
    """J over all frames of the best trajectory and of the best union of three, beside u2netp alone."""
    rows = [_davis_row(data, name, track, cache) for name in clips]
    if not rows:
        return Table("DAVIS-2016, J over all frames", ("clip", "best single"), [], ["no clip is there"])
    single = [row[1] for row in rows]
    mean = ["mean", *(float(np.mean([row[i] for row in rows])) for i in (1, 2, 3)), "", "", ""]
    worse = [row[0] for row in rows if row[1] < row[3]]
    notes = [
        f"mean of best single >= {MEAN_TARGET}: {verdict(float(np.mean(single)) >= MEAN_TARGET)}",
        f"no clip below {CLIP_TARGET}: {verdict(min(single) >= CLIP_TARGET)}",
        f"none below u2netp alone: {verdict(not worse)}" + (f" ({', '.join(worse)})" if worse else ""),
    ]
    columns = ("clip", "best single", "best union of <= 3", "u2netp alone", "is", "united", "trajectories")
    return Table("DAVIS-2016, J over all frames", columns, [*rows, mean], notes)


def u2netp_alone(source: VideoReader, cache: Path | None = None) -> list[Mask]:
    """The saliency of each whole frame, thresholded at 0.5: what the mask model reaches without tracking."""
    file = cache / f"{source.video.id}-u2netp-{models.revision(models.U2NETP)}.json" if cache else None
    if file is not None and file.is_file():
        return [Mask.from_json(m) for m in json.loads(file.read_text())]
    model, shape = U2NetP(), (source.video.width, source.video.height)
    masks = [
        Mask.from_array(cv2.resize(model.foreground(f.pixels, size=U2NETP_SIZE), shape) > 0.5) for f in source.frames()
    ]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([m.to_json() for m in masks]))
    return masks


def pedestrian_table(data: Data, track: Track) -> Table:
    """How much of each pedestrian's box the masks fill on vtest."""
    tracks = track(data.path(VTEST))[1]
    fills = np.asarray(fill_shares(tracks, vtest_people()))
    empty = float((fills < NEARLY_EMPTY).mean()) if fills.size else 1.0
    rows: list[list[Any]] = [
        ["masks on a pedestrian", int(fills.size)],
        [f"nearly empty (below {NEARLY_EMPTY} of the person's box)", percent(empty, digits=1)],
        ["below 0.3 of the box", percent(float((fills < 0.3).mean()) if fills.size else None, digits=1)],
        ["median share of the box that is filled", float(np.median(fills)) if fills.size else 0.0],
    ]
    note = f"nearly empty under {EMPTY_TARGET:.0%}: {verdict(bool(fills.size) and empty < EMPTY_TARGET)}"
    return Table("vtest, pedestrian masks", ("measure", "value"), rows, [note])


def fill_shares(tracks: TrackingResult, people: dict[str, dict[int, Box]]) -> list[float]:
    """Mask area over the area of the person's box, for every mask that lies mostly in one (interpolated) box."""
    shares: list[float] = []
    for o in _single(tracks):
        for frame, mask in zip(o.trajectory.frames, o.trajectory.masks, strict=True):
            boxes = [b for b in (interpolated(p, frame) for p in people.values()) if b is not None]
            share = _fill(mask, boxes)
            if share is not None:
                shares.append(share)
    return shares


def identity_table(data: Data, track: Track) -> Table:
    """Identities on vtest against the hand-labelled file."""
    tracks = track(data.path(VTEST))[1]
    rows: list[list[Any]] = []
    notes: list[str] = []
    truth: dict[int, LabelledFrame] = {}
    for match, joined, iou in (
        ("IoU 0.5", False, 0.5),
        ("IoU 0.3", False, 0.3),
        ("IoU 0.5, returns joined", True, 0.5),
    ):
        truth = vtest_identities(join_returns=joined)
        s = identity_scores(list(truth.values()), boxes_on(tracks, truth), least_iou=iou)
        rows.append(
            [match, s.idf1, s.id_precision, s.id_recall, s.recall, s.precision, s.switches, s.fragmentations, s.tracked]
        )
        if not notes:
            notes = [f"{who}: " + " > ".join(f"#{t}" for t in s.owners.get(who, ())) for who in _everybody(truth)]
    columns = ("match", "IDF1", "IDP", "IDR", "recall", "precision", "switches", "fragments", "boxes")
    boxes = sum(len(frame.people) for frame in truth.values())
    title = f"vtest, identities of {len(vtest_people())} pedestrians on {len(truth)} labelled frames ({boxes} boxes)"
    return Table(title, columns, rows, notes)


def boxes_on(tracks: TrackingResult, truth: dict[int, LabelledFrame]) -> list[dict[int, Box]]:
    """The boxes of all single-object trajectories on each labelled frame, in order of `truth`."""
    found: list[dict[int, Box]] = []
    for frame in truth:
        shown = ((o.id, o.trajectory.at(frame)) for o in _single(tracks))
        found.append({i: m.box for i, m in shown if m is not None})
    return found


def _davis_row(data: Data, name: str, track: Track, cache: Path | None) -> list[Any]:
    path, truth = data.path(f"davis2016/{name}.mp4"), data.davis_masks(name)
    source, tracks = track(path)
    shown = [o.trajectory for o in tracks.objects]
    single, union = best_single(truth, shown), best_union(truth, shown)
    alone = mean_overlap(truth, u2netp_alone(source, cache))
    origin = tracks.objects[single.indices[0]].origin.value if single.indices else ""
    united = "+".join(f"#{tracks.objects[i].id}" for i in union.indices)
    return [name, single.mean, union.mean, alone, origin, united, str(len(shown))]


def _single(tracks: TrackingResult) -> list[TrackedObject]:
    """A salient-group trajectory stands for several things at once and has no identity."""
    return [o for o in tracks.objects if o.origin is not Origin.SALIENT]


def _fill(mask: Mask, boxes: Sequence[Box], least_inside: float = 0.7) -> float | None:
    """Share of the best-fitting of `boxes` that `mask` fills; None when it lies mostly in none of them."""
    if not boxes:
        return None
    pixels = [Mask.from_box(b, height=mask.height, width=mask.width) for b in boxes]
    common = intersection_areas([mask], pixels)[0]
    best = int(common.argmax())
    return mask.area / pixels[best].area if common[best] >= least_inside * mask.area else None


def _everybody(truth: dict[int, LabelledFrame]) -> list[str]:
    return sorted({str(who) for frame in truth.values() for who in frame.people})
