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
        bodies = np.asarray([w.around for w in wanted], dtype=np.float64).reshape(-1, 4)
        for i, tag in enumerate(wanted):
            if tag.size[0] > self.width or tag.size[1] > self.height:
                continue
            others = np.delete(bodies, i, axis=0)
            found = self._beside(tag, others, taken=placed) or self._anywhere(tag, placed)
            if found is not None:
                placed[tag.key] = found
        return placed

    def _beside(self, tag: Wanted, others: FloatArray, *, taken: dict[int, Box]) -> Box | None:
        spots = self._inside(_candidates(tag), tag.size)
        free = _overlap(spots, _array(taken)).sum(axis=1) == 0
        if not free.any():
            return None
        area = tag.size[0] * tag.size[1]
        price = _overlap(spots, others).sum(axis=1) * (_COVERING / area) + _RANK * np.arange(len(spots))
        own = np.asarray([tag.around], dtype=np.float64)
        price += _overlap(spots, own)[:, 0] * (_HIDING / max(1, tag.around[2] * tag.around[3]))
        if tag.key in self._sides:
            price[np.arange(len(spots)) != self._sides[tag.key]] += _MOVED
        best = int(np.argmin(np.where(free, price, np.inf)))
        self._sides[tag.key] = best
        return _box(spots[best])

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

    def _inside(self, spots: FloatArray, size: tuple[int, int]) -> FloatArray:
        spots[:, 0] = spots[:, 0].clip(0, self.width - size[0])
        spots[:, 1] = spots[:, 1].clip(0, self.height - size[1])
        return spots


def is_apart(tag: Box, around: Box, *, gap: int = 6) -> bool:
    """Whether `tag` lies more than `gap` pixels from the box `around`, so that a line should join them."""
    across = max(around[0] - (tag[0] + tag[2]), tag[0] - (around[0] + around[2]))
    down = max(around[1] - (tag[1] + tag[3]), tag[1] - (around[1] + around[3]))
    return max(across, down) > gap


def _candidates(tag: Wanted) -> FloatArray:
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
    return np.asarray([(*corner, width, height) for corner in corners], dtype=np.float64)


def _overlap(first: FloatArray, second: FloatArray) -> FloatArray:
    """Common area of all pairs of boxes, [N, M]."""
    a, b = first[:, None, :], second[None, :, :]
    across = np.minimum(a[..., 0] + a[..., 2], b[..., 0] + b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    down = np.minimum(a[..., 1] + a[..., 3], b[..., 1] + b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    return np.asarray(across.clip(0) * down.clip(0))


def _centres(boxes: FloatArray) -> FloatArray:
    return boxes[:, :2] + boxes[:, 2:] / 2


def _array(boxes: dict[int, Box]) -> FloatArray:
    return np.asarray(list(boxes.values()), dtype=np.float64).reshape(-1, 4)


def _box(row: FloatArray) -> Box:
    x, y, w, h = (int(v) for v in row)
    return x, y, w, h
