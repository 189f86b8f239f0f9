"""Where name tags go: near their object, inside the picture, never on one another, and steady over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from svg2_assets.scene.masks import FloatArray

Box = tuple[int, int, int, int]
"""(x, y, w, h) in pixels of the picture."""

_MOVED = 0.6  # price of leaving the previous place, in areas of the tag
_COVERING = 1.5  # price of covering another object, times the covered share of the tag
_HIDING = 2.0  # price of covering its own object, times the covered share of the object
_RANK = 0.12  # price of each step down the list of candidates


@dataclass(frozen=True, slots=True)
class Wanted:
    """A tag of `size` (w, h) for the object `key`, whose box is `around`.

    `summit` (x, y) is where a tag stands best: the column of the object's centre, the row of its top thereabouts.
    """

    key: int
    size: tuple[int, int]
    around: Box
    summit: tuple[int, int]


@dataclass(slots=True)
class TagPlacer:
    """Places the tags of consecutive pictures of one size (`width`, `height`); remembers which side each took."""

    width: int
    height: int
    _sides: dict[int, int] = field(default_factory=dict)

    def place(self, wanted: Sequence[Wanted]) -> dict[int, Box]:
        """Boxes by key, disjoint and inside the picture. A tag for which there is no room at all is left out."""
        placed: dict[int, Box] = {}
        fitting = [w for w in wanted if w.size[0] <= self.width and w.size[1] <= self.height]
        if not fitting:
            return placed
        spots, prices = self._priced(fitting)
        for tag, around, price in zip(fitting, spots, prices, strict=True):
            taken = _overlap(around, _array(placed)).any(axis=1)
            if taken.all():
                found = self._anywhere(tag, placed)
            else:
                side = int(np.argmin(np.where(taken, np.inf, price)))
                self._sides[tag.key] = side
                found = _box(around[side])
            if found is not None:
                placed[tag.key] = found
        return placed

    def _priced(self, wanted: Sequence[Wanted]) -> tuple[FloatArray, FloatArray]:
        """For each tag its candidate boxes [N, K, 4] and what they cost [N, K], other tags aside."""
        bodies = np.asarray([w.around for w in wanted], dtype=np.float64)
        sizes = np.asarray([w.size for w in wanted], dtype=np.float64)[:, None, :]
        spots = np.asarray([_candidates(w) for w in wanted], dtype=np.float64)
        spots[..., :2] = np.clip(spots[..., :2], 0, (self.width, self.height) - sizes)
        covered = _overlap(spots.reshape(-1, 4), bodies).reshape(len(wanted), -1, len(wanted))
        own = covered[np.arange(len(wanted)), :, np.arange(len(wanted))]
        prices = (covered.sum(axis=2) - own) * _COVERING / sizes.prod(axis=2)
        prices += own * _HIDING / np.maximum(1, bodies[:, 2:].prod(axis=1))[:, None]
        prices += _RANK * np.arange(spots.shape[1])
        for row, tag in zip(prices, wanted, strict=True):
            if tag.key in self._sides:
                row[self._sides[tag.key]] -= _MOVED
        return spots, prices

    def _anywhere(self, tag: Wanted, taken: dict[int, Box]) -> Box | None:
        """The free spot nearest to the object, on a grid of lines as high as the tag."""
        width, height = tag.size
        xs = np.arange(0, self.width - width + 1, max(1, width // 3))
        ys = np.arange(0, self.height - height + 1, height + 1)
        grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        spots = np.column_stack((grid, np.tile((width, height), (len(grid), 1)))).astype(np.float64)
        spots = spots[_overlap(spots, _array(taken)).sum(axis=1) == 0]
        if not len(spots):
            return None
        away = np.abs(_centres(spots) - _centres(np.asarray([tag.around], dtype=np.float64))).sum(axis=1)
        return _box(spots[int(np.argmin(away))])


def is_apart(tag: Box, around: Box, *, gap: int = 6) -> bool:
    """Whether `tag` lies more than `gap` pixels from the box `around`, so that a line should join them."""
    across = max(around[0] - (tag[0] + tag[2]), tag[0] - (around[0] + around[2]))
    down = max(around[1] - (tag[1] + tag[3]), tag[1] - (around[1] + around[3]))
    return max(across, down) > gap


def _candidates(tag: Wanted) -> list[tuple[int, int, int, int]]:
    """Boxes around the object, the best first."""
    x, y, w, h = tag.around
    width, height = tag.size
    middle = tag.summit[0] - width // 2
    corners = [
        (middle, tag.summit[1] - height - 2),
        (x, y - height - 2),
        (x + w - width, y - height - 2),
        (middle, y + h + 2),
        (x, y + h + 2),
        (x + w + 2, y),
        (x - width - 2, y),
        (x + w + 2, y + h - height),
        (x - width - 2, y + h - height),
        (x + 2, y + 2),
        (middle, y + (h - height) // 2),
    ]
    return [(*corner, width, height) for corner in corners]


def _overlap(first: FloatArray, second: FloatArray) -> FloatArray:
    """Common area of all pairs of boxes, [N, M]."""
    a, b = first[:, None, :], second[None, :, :]
    across = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    down = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    return np.asarray(np.maximum(across, 0) * np.maximum(down, 0))


def _centres(boxes: FloatArray) -> FloatArray:
    return boxes[:, :2] + boxes[:, 2:] / 2


def _array(boxes: dict[int, Box]) -> FloatArray:
    return np.asarray(list(boxes.values()), dtype=np.float64).reshape(-1, 4)


def _box(row: FloatArray) -> Box:
    x, y, w, h = (int(v) for v in row)
    return x, y, w, h
