"""Checks of Phase 1: trajectories exist, lie in the frame, agree with their masks, and do not fall to pieces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, Severity, check
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask

Row = Mapping[str, Any]

BOX_TOLERANCE = 1.0  # pixels a box may reach over the frame or differ from the box of its mask
SHORT = 0.5  # seconds; a shorter trajectory is a fragment
MOST_SHORT = 0.5  # share of fragments that is still usual
MOST_GAPS = 1.0  # disappearances per visible second; more is flicker
ENOUGH = 6  # trajectories or gaps before a share or a rate means something


@check("non_empty", phase="trajectories")
def non_empty(tables: PhaseTables) -> Outcome:
    """Each trajectory shows its object on at least one frame; a video without any trajectory is a warning."""
    rows = tables.trajectories
    problems = [
        Problem(row["video_id"], f"trajectory {row['object_id']} has no frame", {"object_id": row["object_id"]})
        for row in rows.select("video_id", "object_id", "frames").iter_rows(named=True)
        if not row["frames"]
    ]
    found = set(rows["video_id"])
    bare = [
        Problem(v, "no object was found in the whole video", severity=Severity.WARN)
        for v in tables.video_ids
        if v not in found
    ]
    return Outcome([*problems, *bare], {"trajectories": rows.height})


@check("ids_unique", phase="trajectories")
def ids_unique(tables: PhaseTables) -> Outcome:
    """No object id stands for two trajectories of one video, and none is negative (-1 is the camera)."""
    ids = tables.trajectories.group_by("video_id", "object_id").len().sort("video_id", "object_id")
    problems = [
        Problem(
            video_id,
            f"object id {object_id} is used {n} times" if n > 1 else f"object id {object_id} is negative",
            {"object_id": object_id, "rows": n},
        )
        for video_id, object_id, n in ids.iter_rows()
        if n > 1 or object_id < 0
    ]
    return Outcome(problems)


@check("inside_frame", phase="trajectories")
def inside_frame(tables: PhaseTables) -> Outcome:
    """Frames increase and lie within the video; boxes have a size and lie within the picture, one box a frame."""
    videos = {row["video_id"]: row for row in tables.videos.iter_rows(named=True)}
    columns = ["video_id", "object_id", "frames", "boxes"]
    problems = [
        Problem(row["video_id"], f"trajectory {row['object_id']}: {message}", {"object_id": row["object_id"], **shown})
        for row in tables.trajectories.select(columns).iter_rows(named=True)
        for message, shown in _outside(row, videos.get(row["video_id"]))
    ]
    return Outcome(problems)


@check("masks_match", phase="trajectories")
def masks_match(tables: PhaseTables) -> Outcome:
    """Masks and trajectories agree in ids, frames and boxes; masks have the video's size, and runs that fill it."""
    sizes = {v: (h, w) for v, h, w in tables.videos.select("video_id", "height", "width").iter_rows()}
    problems: list[Problem] = []
    for video_id in tables.video_ids:
        mine = tables.trajectories.filter(pl.col("video_id") == video_id)
        problems += _unlike_masks(video_id, mine, masks=tables.masks(video_id), size=sizes.get(video_id))
    return Outcome(problems)


@check("fragmentation", phase="trajectories", severity=Severity.WARN)
def fragmentation(tables: PhaseTables) -> Outcome:
    """Trajectories last and do not flicker: few are shorter than half a second, few vanish more than once a second."""
    rates = {v: fps for v, fps in tables.videos.select("video_id", "fps").iter_rows() if fps}
    problems: list[Problem] = []
    for (video_id,), rows in tables.trajectories.group_by("video_id", maintain_order=True):
        if video_id in rates:
            problems += _fragments(str(video_id), rows, rates[video_id])
    return Outcome(problems)


def boxes_of(boxes: Sequence[Any] | None) -> npt.NDArray[np.float64]:
    """The boxes of a trajectory row, [N, 4]; stored flat or one by one. Raises `ValueError` for other shapes."""
    return np.asarray(boxes if boxes is not None else [], dtype=np.float64).reshape(-1, 4)


def _outside(row: Row, video: Row | None) -> Iterator[tuple[str, dict[str, Any]]]:
    if video is None:
        yield "its video is not in the catalog", {}
        return
    frames, boxes = np.asarray(row["frames"] or [], dtype=np.int64), boxes_of(row["boxes"])
    wrong = frames[(frames < 0) | (frames >= video["num_frames"])]
    if wrong.size:
        yield f"frame {wrong[0]} is outside a video of {video['num_frames']} frames", {"frames": wrong}
    if (np.diff(frames) <= 0).any():
        yield "its frames do not increase", {"frames": frames[1:][np.diff(frames) <= 0]}
    if len(boxes) != frames.size:
        yield f"{frames.size} frames have {len(boxes)} boxes", {"frames": frames.size, "boxes": len(boxes)}
        return
    bad = _outside_picture(boxes, width=video["width"], height=video["height"])
    if bad.any():
        first = int(np.argmax(bad))
        message = f"{int(bad.sum())} boxes are empty or leave the {video['width']}x{video['height']} picture"
        yield message, {"frame": frames[first], "box": boxes[first]}


def _outside_picture(boxes: npt.NDArray[np.float64], *, width: int, height: int) -> npt.NDArray[np.bool_]:
    low, high = boxes[:, :2], boxes[:, :2] + boxes[:, 2:]
    edge = np.asarray([width, height]) + BOX_TOLERANCE
    inside = (low >= -BOX_TOLERANCE) & (high <= edge) & (boxes[:, 2:] > 0)
    return np.asarray(~inside.all(axis=1))


def _unlike_masks(
    video_id: str, rows: pl.DataFrame, *, masks: pl.DataFrame, size: tuple[int, int] | None
) -> list[Problem]:
    tracked, masked = set(rows["object_id"]), set(masks["object_id"])
    problems = [
        *(Problem(video_id, f"trajectory {o} has no masks", {"object_id": o}) for o in sorted(tracked - masked)),
        *(Problem(video_id, f"masks of {o} have no trajectory", {"object_id": o}) for o in sorted(masked - tracked)),
    ]
    both = rows.select("object_id", "frames", "boxes").join(
        masks.rename({"frames": "mask_frames"}).drop("video_id"), on="object_id"
    )
    for i in range(both.height):  # one object at a time: its lists of runs become Python objects
        row = both.row(i, named=True)
        where = f"object {row['object_id']}"
        shown = {"object_id": row["object_id"]}
        problems += [Problem(video_id, f"{where}: {m}", {**shown, **s}) for m, s in _unlike(row, size)]
    return problems


def _unlike(row: Row, size: tuple[int, int] | None) -> Iterator[tuple[str, dict[str, Any]]]:
    frames, counts = list(row["frames"] or []), list(row["counts"] or [])
    if frames != list(row["mask_frames"] or []):
        yield "masks and boxes are of different frames", {"frames": frames, "mask_frames": row["mask_frames"]}
    if len(counts) != len(row["mask_frames"] or []):
        yield f"{len(row['mask_frames'] or [])} mask frames have {len(counts)} masks", {"masks": len(counts)}
        return
    own = (row["height"], row["width"])
    if size is not None and own != size:
        yield f"masks of {own[1]}x{own[0]} in a video of {size[1]}x{size[0]}", {"size": own}
    yield from _bad_runs(row, frames=frames, counts=counts)


def _bad_runs(row: Row, *, frames: list[int], counts: list[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    pixels = row["height"] * row["width"]
    covered = mask_algebra.covered(counts)
    bad = np.flatnonzero(covered != pixels)
    if bad.size:
        found = "malformed runs" if covered[bad[0]] < 0 else f"runs over {covered[bad[0]]} pixels"
        message = f"{bad.size} masks do not fill their {row['width']}x{row['height']} pixels: {found}"
        yield message, {"masks": bad, "covered": covered[bad]}
        return
    boxes = boxes_of(row["boxes"])
    if len(boxes) != len(counts) or not counts:
        return
    off = np.abs(mask_algebra.boxes([Mask(row["height"], row["width"], c) for c in counts]) - boxes).max(axis=1)
    far = np.flatnonzero(off > BOX_TOLERANCE)
    if far.size:
        yield f"{far.size} boxes are not those of their masks", {"frame": frames[far[0]], "box": boxes[far[0]]}


def _fragments(video_id: str, rows: pl.DataFrame, fps: float) -> Iterator[Problem]:
    visible = {o: np.asarray(f or [], dtype=np.int64) for o, f in rows.select("object_id", "frames").iter_rows()}
    short = [o for o, frames in visible.items() if frames.size / fps < SHORT]
    if len(visible) >= ENOUGH and len(short) > MOST_SHORT * len(visible):
        message = (
            f"{len(short)} of {len(visible)} trajectories last under {SHORT:g} s: objects are found and lost again"
        )
        yield Problem(video_id, message, {"object_ids": short})
    for object_id, frames in visible.items():
        gaps = int((np.diff(frames) > 1).sum())
        if gaps >= ENOUGH and gaps > MOST_GAPS * frames.size / fps:
            message = (
                f"object {object_id} vanishes {gaps} times in {frames.size / fps:.1f} visible seconds: it flickers"
            )
            yield Problem(video_id, message, {"object_id": object_id, "gaps": gaps})


CHECKS = (non_empty, ids_unique, inside_frame, masks_match, fragmentation)
