"""Masks on the frames that the tracker did not see: carried by optical flow from both sides.

A tracker that sees twelve frames a second sees what there is to see; at thirty it costs more than twice as much.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, MutableMapping

import cv2
import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import Mask
from svg2_assets.trajectories.encoding import encode_inside
from svg2_assets.trajectories.flow import FlowPair

Floats = npt.NDArray[np.float32]
Window = tuple[int, int, int, int]
AGREEMENT = 0.2  # least IoU of what is carried from both sides
MARGIN = 0.15  # of a box, that flow may carry a mask beyond those on both sides


class Between:
    """Keeps the flow of the last `longest` frames and fills gaps between tracked ones."""

    def __init__(self, *, longest: int) -> None:
        self._longest = longest
        self._pairs: OrderedDict[int, FlowPair] = OrderedDict()

    def add(self, index: int, pair: FlowPair | None) -> None:
        """Remember the flow between frames `index` - 1 and `index`; None where a shot begins."""
        if pair is None:
            self._pairs.clear()
            return
        self._pairs[index] = pair
        while len(self._pairs) > self._longest:
            self._pairs.popitem(last=False)

    def fill(self, masks: MutableMapping[int, Mask], before: int, after: int) -> None:
        """Give `masks` one for every frame between `before` and `after`, on which it has one each."""
        if not all(i in self._pairs for i in range(before + 1, after + 1)):
            return
        first, last = masks[before], masks[after]
        window = _around(first, last)
        forward = self._carried(first, window, range(before + 1, after))
        backward = self._carried(last, window, range(after - 1, before, -1))
        for index in range(before + 1, after):
            share = (index - before) / (after - before)
            mask = _encoded((1 - share) * forward[index] + share * backward[index], window, first)
            if mask is not None:
                masks[index] = mask

    def steadied(self, masks: Mapping[int, Mask], frames: tuple[int, int, int], least: float) -> Mask | None:
        """What the masks before and after say of the middle one of three `frames`, where that overlaps it by less than
        `least` (IoU); None where it agrees, or too little is known.

        Each pixel goes with the majority of the three, the outer two carried by flow: where these disagree with each
        other the mask itself decides, and where they lie apart flow has lost the thing.
        """
        before, at, after = frames
        if not all(i in self._pairs for i in range(before + 1, after + 1)) or not all(f in masks for f in frames):
            return None
        own = masks[at]
        window = _around(masks[before], masks[after], own)
        x0, y0, x1, y1 = window
        mine = own.to_array()[y0:y1, x0:x1]
        forward = self._carried(masks[before], window, range(before + 1, at + 1))[at]
        backward = self._carried(masks[after], window, range(after - 1, at - 1, -1))[at]
        agreed = forward + backward + mine > 1.5
        if not _overlap(forward > 0.5, backward > 0.5, AGREEMENT) or _overlap(agreed, mine, least):
            return None
        return encode_inside(agreed, corner=window[:2], height=own.height, width=own.width)

    def follow(self, masks: MutableMapping[int, Mask], before: int, stop: int) -> None:
        """Carry the mask on `before` on to the frames before `stop`: a shot ended before the tracker looked again."""
        frames = [i for i in range(before + 1, stop) if i in self._pairs]
        if frames != list(range(before + 1, stop)):
            return
        window = _around(masks[before], masks[before])
        for index, soft in self._carried(masks[before], window, range(before + 1, stop)).items():
            mask = _encoded(soft, window, masks[before])
            if mask is not None:
                masks[index] = mask

    def _carried(self, mask: Mask, window: Window, frames: range) -> dict[int, Floats]:
        """`mask` within `window`, moved from frame to frame; soft, 0..1."""
        x0, y0, x1, y1 = window
        soft = mask.to_array()[y0:y1, x0:x1].astype(np.float32)
        found: dict[int, Floats] = {}
        for index in frames:
            back = frames.step > 0  # frame `index` is sampled from the one before it in `frames`
            field = self._pairs[index].backward if back else self._pairs[index + 1].forward
            soft = _sampled(soft, field, window, (mask.height, mask.width))
            found[index] = soft
        return found


def _overlap(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_], least: float) -> bool:
    """Whether two masks overlap by `least` (IoU)."""
    either = int((first | second).sum())
    return either > 0 and int((first & second).sum()) >= least * either


def _around(*masks: Mask) -> Window:
    """A window (x0, y0, x1, y1) that holds all `masks` and some room."""
    boxes = [m.box for m in masks]
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    room = 2 + MARGIN * max(right - left, bottom - top)
    low = max(0, int(left - room)), max(0, int(top - room))
    return *low, min(masks[0].width, int(right + room) + 1), min(masks[0].height, int(bottom + room) + 1)


def _sampled(soft: Floats, field: npt.NDArray[np.float32], window: Window, size: tuple[int, int]) -> Floats:
    """`soft` where `field` (in its own pixels, of the whole frame) says that each pixel came from."""
    x0, y0, x1, y1 = window
    scale = size[1] / field.shape[1], size[0] / field.shape[0]
    xs, ys = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    at = (xs + 0.5) / scale[0] - 0.5, (ys + 0.5) / scale[1] - 0.5
    moved = cv2.remap(field, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(
        cv2.remap(soft, xs - x0 + moved[..., 0] * scale[0], ys - y0 + moved[..., 1] * scale[1], cv2.INTER_LINEAR),
        dtype=np.float32,
    )


def _encoded(soft: Floats, window: Window, like: Mask) -> Mask | None:
    return encode_inside(soft > 0.5, corner=window[:2], height=like.height, width=like.width)
