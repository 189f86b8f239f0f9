"""Masks as COCO run-length encodings, and their algebra.

A mask is decoded only where pixels are needed. Everything else (area, box, union, intersection, containment, IoU) is an
operation on runs, done by pycocotools in C. The codec is the one of the COCO API: column-major runs that start with
background, differences to the run two before, five bits a character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from svg2_assets.scene.errors import InvalidSceneValue

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


LONGEST_CODE = 7  # characters of five bits: more than the 32 bits of the COCO API's runs
MOST_PIXELS = 2**31 - 1  # of a mask: the COCO API counts them in 32 bits


def run_lengths(counts: bytes) -> IntArray:
    """The run lengths, background first, of compressed COCO `counts`.

    Raises `InvalidSceneValue` on characters outside the code, on a code cut in the middle and on negative runs.
    """
    runs = _differences(np.frombuffer(counts, dtype=np.uint8))[0]
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    if (runs < 0).any():
        raise InvalidSceneValue("an RLE string holds a negative run")
    return runs


def covered(counts: Sequence[bytes]) -> IntArray:
    """How many pixels the runs of each of `counts` cover, [N]; -1 where a string is malformed. Vectorised over all."""
    try:
        return _covered(counts)
    except InvalidSceneValue:
        return np.asarray([_covered_or_malformed(c) for c in counts], dtype=np.int64)


def _covered_or_malformed(counts: bytes) -> int:
    try:
        return int(run_lengths(counts).sum())
    except InvalidSceneValue:
        return -1


def _covered(counts: Sequence[bytes]) -> IntArray:
    """As `covered`; raises `InvalidSceneValue` when any of them is malformed or empty."""
    if not counts:
        return np.zeros(0, dtype=np.int64)
    runs, firsts = joined_run_lengths(counts)
    return np.add.reduceat(runs, firsts)


def joined_run_lengths(counts: Sequence[bytes]) -> tuple[IntArray, IntArray]:
    """The run lengths of each of `counts` (at least one) in one array, and where in it each begins; vectorised.

    Raises `InvalidSceneValue` when any of them is malformed or empty.
    """
    sizes = np.fromiter((len(c) for c in counts), dtype=np.int64, count=len(counts))
    runs, ends = _differences(np.frombuffer(b"".join(counts), dtype=np.uint8))
    # The last character of each string must also be the last of a run, otherwise a code would span two strings.
    last = np.searchsorted(ends, np.cumsum(sizes) - 1)
    if (sizes == 0).any() or (ends[last] != np.cumsum(sizes) - 1).any():
        raise InvalidSceneValue("an RLE string is empty or ends in the middle of a run")
    firsts = np.concatenate(([0], last[:-1] + 1))
    owner = np.repeat(np.arange(len(counts)), np.diff(last, prepend=-1))
    place = np.arange(runs.size) - firsts[owner]
    for lane in (np.flatnonzero(place % 2 == 1), np.flatnonzero((place % 2 == 0) & (place > 0))):
        runs[lane] = _cumulated(runs[lane], owner[lane])
    if (runs < 0).any():
        raise InvalidSceneValue("an RLE string holds a negative run")
    return runs, firsts


def _cumulated(values: IntArray, owner: IntArray) -> IntArray:
    """Cumulative sums of `values` that start anew with every change of `owner`."""
    if values.size == 0:
        return values
    sums = np.cumsum(values)
    first = np.flatnonzero(np.diff(owner, prepend=owner[0] - 1))
    before = sums[first] - values[first]
    return np.asarray(sums - np.repeat(before, np.diff(first, append=values.size)))


def _differences(characters: npt.NDArray[np.uint8]) -> tuple[IntArray, IntArray]:
    """What the code says, run by run (each run from the second on is a difference), and where each run's code ends."""
    codes = characters.astype(np.int64) - 48
    if codes.size == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    if codes.min() < 0 or codes.max() > 63:
        raise InvalidSceneValue("an RLE string holds characters outside COCO's code ('0' to 'o')")
    last = (codes & 0x20) == 0
    if not last[-1]:
        raise InvalidSceneValue("an RLE string ends in the middle of a run")
    ends = np.flatnonzero(last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    digit = np.arange(codes.size) - np.repeat(starts, ends - starts + 1)
    if digit.max() >= LONGEST_CODE:
        raise InvalidSceneValue("an RLE string holds a run longer than any image")
    values = np.add.reduceat((codes & 0x1F) << (5 * digit), starts)
    negative = (codes[ends] & 0x10) != 0
    return np.where(negative, values - (np.int64(1) << (5 * (digit[ends] + 1))), values), ends


@dataclass(frozen=True, slots=True)
class Mask:
    """One object in one frame: COCO RLE of `height` × `width` pixels.

    The constructor trusts its caller; data from outside comes in through `from_json`, which checks that the runs cover
    the frame exactly (pycocotools returns uninitialised memory for shorter ones) and joins what empty runs divide
    (pycocotools' unions and overlaps end where two masks have them).
    """

    height: int
    width: int
    counts: bytes

    @classmethod
    def from_array(cls, pixels: npt.NDArray[Any]) -> Mask:
        """Encode `pixels` [H, W] (bool, or 0 = background)."""
        if pixels.ndim != 2:
            raise InvalidSceneValue(f"a mask is an [H, W] array, not one of shape {pixels.shape}")
        rle = coco.encode(np.asfortranarray(pixels != 0, dtype=np.uint8))
        return cls(int(pixels.shape[0]), int(pixels.shape[1]), rle["counts"])

    @classmethod
    def empty(cls, height: int, width: int) -> Mask:
        """A mask without a pixel."""
        return cls.from_array(np.zeros((height, width), dtype=bool))

    @classmethod
    def from_box(cls, box: Sequence[float], *, height: int, width: int) -> Mask:
        """The filled rectangle `box` = (x, y, w, h) in pixels, cut at the frame."""
        x, y, w, h = box
        x0, y0 = max(0, round(x)), max(0, round(y))
        x1, y1 = min(width, round(x + w)), min(height, round(y + h))
        pixels = np.zeros((height, width), dtype=bool)
        pixels[y0 : max(y0, y1), x0 : max(x0, x1)] = True
        return cls.from_array(pixels)

    @classmethod
    def from_json(cls, value: Any) -> Mask:
        """Read `{"size": [H, W], "counts": str}` and check that the runs cover H·W pixels exactly.

        Runs of no length are valid; those after the first are taken out, the pixels stay. Raises `InvalidSceneValue`.
        """
        try:
            height, width = (int(n) for n in value["size"])
            counts = value["counts"]
        except (TypeError, KeyError, ValueError, OverflowError) as error:
            raise InvalidSceneValue('a mask is {"size": [height, width], "counts": string}') from error
        if not isinstance(counts, str | bytes):
            raise InvalidSceneValue(f"RLE counts must be a compressed string, not {type(counts).__name__}")
        # Whatever is not ASCII must stay outside COCO's code, lone surrogates too.
        runs = counts.encode(errors="surrogatepass") if isinstance(counts, str) else counts
        mask = cls(height, width, runs)
        lengths = mask._checked_runs()
        return mask if lengths[1:].all() else _of_runs(_joined(lengths), height, width)

    def check(self) -> None:
        """Raise `InvalidSceneValue` unless the runs cover exactly `height * width` pixels."""
        self._checked_runs()

    def _checked_runs(self) -> IntArray:
        """The run lengths, background first. Raises as `check`."""
        if self.height < 1 or self.width < 1:
            raise InvalidSceneValue(f"a mask of size {self.height}x{self.width} has no pixel")
        if self.height * self.width > MOST_PIXELS:
            raise InvalidSceneValue(f"a mask of size {self.height}x{self.width} has more than {MOST_PIXELS} pixels")
        runs = run_lengths(self.counts)
        covered = int(runs.sum())
        if covered != self.height * self.width:
            raise InvalidSceneValue(
                f"an RLE covers {covered} pixels, its size {self.height}x{self.width} needs {self.height * self.width}"
            )
        return runs

    def to_json(self) -> dict[str, Any]:
        """COCO's JSON form."""
        return {"size": [self.height, self.width], "counts": self.counts.decode("ascii")}

    def to_array(self) -> BoolArray:
        """Decode to bool [H, W]."""
        return np.asarray(coco.decode(self.rle), dtype=bool)

    @property
    def rle(self) -> dict[str, Any]:
        """The form pycocotools takes."""
        return {"size": [self.height, self.width], "counts": self.counts}

    @property
    def area(self) -> int:
        """Pixels."""
        return int(coco.area(self.rle))

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(x, y, w, h) in pixels; zeros for an empty mask."""
        x, y, w, h = (float(v) for v in coco.toBbox(self.rle))
        return x, y, w, h


def areas(masks: Sequence[Mask]) -> IntArray:
    """Pixels of each of `masks`, [N]."""
    if not masks:
        return np.zeros(0, dtype=np.int64)
    # pycocotools counts its arguments in a byte: more than 255 at once overflow.
    parts = [coco.area([m.rle for m in masks[i : i + 255]]) for i in range(0, len(masks), 255)]
    return np.concatenate(parts).astype(np.int64)


def boxes(masks: Sequence[Mask]) -> FloatArray:
    """(x, y, w, h) of each of `masks`, [N, 4]."""
    if not masks:
        return np.zeros((0, 4))
    return np.asarray(coco.toBbox([m.rle for m in masks]), dtype=np.float64)


def union(masks: Sequence[Mask]) -> Mask:
    """The pixels of any of `masks` (at least one)."""
    return _merge(masks, intersect=False)


def intersection(masks: Sequence[Mask]) -> Mask:
    """The pixels common to all of `masks` (at least one)."""
    return _merge(masks, intersect=True)


def complement(mask: Mask) -> Mask:
    """The pixels that `mask` leaves out."""
    runs = run_lengths(mask.counts)
    # Runs alternate and begin with background: a run of none in front turns all of them over, taking one away too.
    turned = runs[1:] if runs[0] == 0 and len(runs) > 1 else np.concatenate(([0], runs))
    return _of_runs(turned, mask.height, mask.width)


def difference(mask: Mask, taken: Mask) -> Mask:
    """The pixels of `mask` that are not in `taken`."""
    return intersection([mask, complement(taken)])


def containment(inner: Sequence[Mask], outer: Sequence[Mask]) -> FloatArray:
    """|inner_i ∩ outer_j| / |inner_i| for all pairs, [N, M]; 0 where inner_i is empty."""
    return _pairs(inner, outer, crowd=True)


def iou(first: Sequence[Mask], second: Sequence[Mask]) -> FloatArray:
    """Intersection over union for all pairs, [N, M]; 0 where both are empty."""
    return _pairs(first, second, crowd=False)


def intersection_areas(first: Sequence[Mask], second: Sequence[Mask]) -> FloatArray:
    """Common pixels for all pairs, [N, M]."""
    return np.asarray(np.rint(containment(first, second) * areas(first)[:, None]))


def _of_runs(runs: IntArray, height: int, width: int) -> Mask:
    """The mask whose run lengths, background first, are `runs`."""
    rle = coco.frPyObjects({"size": [height, width], "counts": runs.tolist()}, height, width)
    return Mask(height, width, rle["counts"])


def _joined(runs: IntArray) -> IntArray:
    """`runs` of the same pixels in which only the first may have no length."""
    there = np.flatnonzero(runs)
    value = there % 2  # 1 where the run is of the object
    lengths = np.add.reduceat(runs[there], np.flatnonzero(np.diff(value, prepend=-1)))
    return np.concatenate(([0], lengths)) if value[0] else lengths


def _merge(masks: Sequence[Mask], *, intersect: bool) -> Mask:
    if not masks:
        raise InvalidSceneValue("a union or intersection needs at least one mask")
    _same_size(masks)
    merged = coco.merge([m.rle for m in masks], intersect=intersect)
    return Mask(masks[0].height, masks[0].width, merged["counts"])


def _pairs(first: Sequence[Mask], second: Sequence[Mask], *, crowd: bool) -> FloatArray:
    if not first or not second:
        return np.zeros((len(first), len(second)))
    _same_size([*first, *second])
    ratios = coco.iou([m.rle for m in first], [m.rle for m in second], [crowd] * len(second))
    return np.nan_to_num(np.asarray(ratios, dtype=np.float64), nan=0.0)


def _same_size(masks: Sequence[Mask]) -> None:
    sizes = {(m.height, m.width) for m in masks}
    if len(sizes) > 1:
        raise InvalidSceneValue(f"masks of different sizes cannot be compared: {sorted(sizes)}")
