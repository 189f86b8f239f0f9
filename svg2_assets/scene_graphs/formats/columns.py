"""Columns of masks, as released files have them: one RLE a frame and object, whatever is wrong with some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import MOST_PIXELS, IntArray, Mask, joined_run_lengths, run_lengths
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.values import Repair, Repairs

Counts: TypeAlias = str | bytes | None
"""Compressed COCO counts of one mask; None where there is none."""
_MALFORMED = -1


def trajectory_of(
    frames: Sequence[int], counts: Sequence[Counts], *, height: int, width: int, repairs: Repairs
) -> Trajectory:
    """The trajectory of one column, `counts` [N] on `frames` [N] (increasing).

    A mask whose runs do not cover the frame is left out: decoders return uninitialised memory for those. One of
    background alone that is too small is a placeholder of the releases and stands for none.
    """
    texts = [_bytes(c) for c in counts]
    distinct = list(dict.fromkeys(t for t in texts if t is not None))
    judged = dict(zip(distinct, _judged(distinct, height, width), strict=True))
    kept: list[tuple[int, Mask]] = []
    for frame, text in zip(frames, texts, strict=True):
        found = None if text is None else judged[text]
        if isinstance(found, Repair):
            repairs[found] += 1
        elif found is not None:
            kept.append((int(frame), found))
    return Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept))


def counts_of(mask: Any, *, height: int, width: int, repairs: Repairs) -> Counts:
    """The counts of `{"size": [H, W], "counts": str}`; None, counted, where it is no such thing or of another size."""
    if mask is None:
        return None
    size, counts = (mask.get("size"), mask.get("counts")) if isinstance(mask, dict) else (None, None)
    if not isinstance(counts, str | bytes):
        repairs[Repair.MASK_FORM] += 1
        return None
    if size != [height, width]:
        repairs[Repair.WRONG_SIZE] += 1
        return None
    return counts


def size_of(masks: Iterable[Any]) -> tuple[int, int] | None:
    """(height, width) that most of the well-formed `masks` state."""
    sizes = Counter(size for mask in masks if (size := _size(mask)) is not None)
    return max(sizes, key=lambda s: sizes[s], default=None)


def frames_of_rles(frames: Sequence[Any], video: Video, repairs: Repairs) -> dict[int, Trajectory]:
    """A trajectory for each column of `frames`, lists of `{"size": [H, W], "counts": str}` or null.

    Frames may be missing at the end and have fewer columns than others; those after the video's end are left out.
    """
    shown = frames[: video.num_frames]
    repairs[Repair.MASK_FORM] += sum(not isinstance(f, list) for f in shown)
    rows = [f if isinstance(f, list) else [] for f in shown]
    found = {}
    for k in range(max(map(len, rows), default=0)):
        there = [t for t, row in enumerate(rows) if k < len(row)]
        counts = [counts_of(rows[t][k], height=video.height, width=video.width, repairs=repairs) for t in there]
        found[k] = trajectory_of(there, counts, height=video.height, width=video.width, repairs=repairs)
    return found


def frames_of_columns(
    columns: Mapping[int, Trajectory], *, num_columns: int, num_frames: int, height: int, width: int
) -> Iterable[list[str]]:
    """Frame by frame the counts of every column, of none where an object is not visible."""
    absent = no_pixels(height, width)
    at = {k: dict(zip(t.frames, t.masks, strict=True)) for k, t in columns.items()}
    for frame in range(num_frames):
        row = [absent] * num_columns
        for k, masks in at.items():
            if frame in masks:
                row[k] = masks[frame].counts.decode("ascii")
        yield row


@lru_cache(maxsize=16)
def no_pixels(height: int, width: int) -> str:
    """Counts of a mask without a pixel."""
    return Mask.empty(height, width).counts.decode("ascii")


def _size(mask: Any) -> tuple[int, int] | None:
    size = mask.get("size") if isinstance(mask, dict) else None
    if not isinstance(size, list) or len(size) != 2 or any(type(n) is not int or n < 1 for n in size):
        return None
    return (size[0], size[1]) if size[0] * size[1] <= MOST_PIXELS else None


def _bytes(counts: Counts) -> bytes | None:
    # Whatever is not ASCII must stay outside COCO's code, lone surrogates too.
    return counts.encode(errors="surrogatepass") if isinstance(counts, str) else counts


def _judged(counts: Sequence[bytes], height: int, width: int) -> list[Mask | Repair | None]:
    """What each of `counts` stands for: a mask, nothing (no pixel), or what is wrong with it."""
    covered, shown, joined = _measured(counts)
    return [
        _judge(text, height, width, covered=c, shown=s, joined=bool(j))
        for text, c, s, j in zip(counts, covered.tolist(), shown.tolist(), joined.tolist(), strict=True)
    ]


def _judge(text: bytes, height: int, width: int, *, covered: int, shown: int, joined: bool) -> Mask | Repair | None:
    if covered == _MALFORMED:
        return Repair.MASK_FORM
    if covered != height * width:
        return Repair.WRONG_AREA if shown or covered > height * width else Repair.PLACEHOLDER
    if not shown:
        return None
    return Mask(height, width, text) if joined else Mask.from_json({"size": [height, width], "counts": text})


def _measured(counts: Sequence[bytes]) -> tuple[IntArray, IntArray, IntArray]:
    """Of each of `counts`: pixels covered (-1: malformed), pixels shown, whether no run but the first is empty."""
    if not counts:
        return (np.zeros(0, dtype=np.int64),) * 3
    try:
        runs, firsts = joined_run_lengths(counts)
    except InvalidSceneValue:
        each = [_measured_alone(c) for c in counts]
        return tuple(np.asarray(figures, dtype=np.int64) for figures in zip(*each, strict=True))  # type: ignore[return-value]
    place = np.arange(runs.size) - np.repeat(firsts, np.diff(firsts, append=runs.size))
    empty = (runs == 0) & (place > 0)
    shown = np.add.reduceat(np.where(place % 2 == 1, runs, 0), firsts)
    return np.add.reduceat(runs, firsts), shown, (np.add.reduceat(empty.astype(np.int64), firsts) == 0).astype(np.int64)


def _measured_alone(counts: bytes) -> tuple[int, int, int]:
    try:
        runs = run_lengths(counts)
    except InvalidSceneValue:
        return _MALFORMED, 0, 1
    if not runs.size:
        return _MALFORMED, 0, 1
    return int(runs.sum()), int(runs[1::2].sum()), int(bool(runs[1:].all()))
