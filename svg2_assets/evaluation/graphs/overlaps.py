"""How far the best of many spans overlaps each of many others, without comparing all with all.

A set of spans is a point: where it starts and ends, and how long it lasts in all. Boxes around such points bound the
tIoU of everything in them, so most need not be looked at (a k-d tree with branch and bound). Where it comes to a single
pair, the tIoU is that of `spans.tiou`, to the last digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.spans import Spans, tiou

FEW = 64
"""Up to so many pairs are compared one by one."""
LEAF = 64
BLOCK = 1 << 13  # wanted spans that meet a leaf at a time: bounds memory
SLACK = 1 + 1e-9  # bounds and tIoUs are rounded differently


class Many:
    """Many spans that are compared with many others, each prepared when it is first needed."""

    def __init__(self, spans: Sequence[Spans]) -> None:
        self.spans = spans

    @cached_property
    def points(self) -> Points:
        """As points."""
        return points_of(self.spans)

    @cached_property
    def tree(self) -> Tree:
        """As a tree."""
        return Tree(self.points)


def passed(wanted: Many, given: Many, thresholds: Sequence[float]) -> IntArray:
    """How many of the ascending `thresholds` each of `wanted` [N] exceeds in tIoU with the best of `given` [M], [N].

    About N log M for spans of one part each; spans of several parts that interleave may be compared all with all.
    """
    if len(wanted.spans) * len(given.spans) <= FEW:
        best = [max((overlap(w, g) for g in given.spans), default=0.0) for w in wanted.spans]
        return np.asarray([sum(b > t for t in thresholds) for b in best], dtype=np.int64)
    levels = _Search(wanted.points, given.tree, thresholds).levels()
    return levels[wanted.points.which]


def overlap(a: Spans, b: Spans) -> float:
    """`tiou`, quicker where both have one part."""
    if len(a.parts) != 1 or len(b.parts) != 1:
        return tiou(a, b)
    one, other = a.parts[0], b.parts[0]
    common = min(one.end, other.end) - max(one.start, other.start)
    return common / (max(one.end, other.end) - min(one.start, other.start)) if common > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Points:
    """`at` [P, 3]: start, end, duration. `spans` is None where it has one part, which the point says all of.

    `which` [N]: the point of each of the spans that they were made from; those of several parts share theirs.
    """

    at: FloatArray
    spans: list[Spans | None]
    single: BoolArray
    which: IntArray


def points_of(many: Sequence[Spans]) -> Points:
    """The points of `many`."""
    at: list[tuple[float, float, float]] = []
    kept: list[Spans | None] = []
    which: list[int] = []
    places: dict[Spans, int] = {}
    for spans in many:
        parts = spans.parts
        place = len(at) if len(parts) == 1 else places.setdefault(spans, len(at))
        which.append(place)
        if place == len(at):
            start, end = parts[0].start, parts[-1].end
            at.append((start, end, end - start if len(parts) == 1 else spans.duration))
            kept.append(None if len(parts) == 1 else spans)
    single = np.asarray([s is None for s in kept], dtype=bool)
    return Points(np.asarray(at), kept, single, np.asarray(which, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Node:
    """Bounds of its points, [3] each; a leaf has `members`, any other an axis, where it is cut, and two below it."""

    low: FloatArray
    high: FloatArray
    members: IntArray
    axis: int = 0
    cut: float = 0.0
    below: tuple[_Node, _Node] | None = None


class Tree:
    """Boxes within boxes around points."""

    def __init__(self, points: Points) -> None:
        self.points, self.single = points, points.single
        self.root = self._node(np.arange(len(points.at)))

    def _node(self, members: IntArray) -> _Node:
        at = self.points.at[members]
        low, high = at.min(axis=0), at.max(axis=0)
        if len(members) <= LEAF:
            return _Node(low, high, members)
        axis = int(np.argmax(high - low))
        order = members[np.argsort(at[:, axis], kind="stable")]
        half = len(order) // 2
        cut = float(self.points.at[order[half], axis])
        return _Node(low, high, members[:0], axis, cut, (self._node(order[:half]), self._node(order[half:])))


class _Search:
    """All wanted points go through the tree together, each until nothing left can raise its level."""

    def __init__(self, wanted: Points, tree: Tree, thresholds: Sequence[float]) -> None:
        self.wanted, self.tree, self.single = wanted, tree, wanted.single
        self.level = np.zeros(len(wanted.at), dtype=np.int64)
        self.next = np.asarray([*thresholds, np.inf])
        self.thresholds = np.asarray(thresholds)

    def levels(self) -> IntArray:
        everything = np.arange(len(self.wanted.at))
        self._greet(self.tree.root, everything)
        self._visit(self.tree.root, everything)
        return self.level

    def _greet(self, node: _Node, who: IntArray) -> None:
        """The leaf where each would stand itself: a good start, which saves most of the visits."""
        if not len(who):
            return
        if node.below is None:
            self._meet(node, who)
            return
        left = self.wanted.at[who, node.axis] < node.cut
        self._greet(node.below[0], who[left])
        self._greet(node.below[1], who[~left])

    def _visit(self, node: _Node, who: IntArray) -> None:
        who = who[self._bound(who, node.low, node.high) * SLACK > self.next[self.level[who]]]
        if not len(who):
            return
        if node.below is None:
            self._meet(node, who)
            return
        for below in node.below:
            self._visit(below, who)

    def _bound(self, who: IntArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """The tIoU that nothing between `low` and `high` exceeds, [N]."""
        return _most(self.wanted.at[who], low, high)

    def _meet(self, leaf: _Node, who: IntArray) -> None:
        members, given = leaf.members, self.tree.points.at[leaf.members][None]
        for at in range(0, len(who), BLOCK):
            some = who[at : at + BLOCK]
            own = self.wanted.at[some][:, None]
            sure = self.single[some][:, None] & self.tree.single[members][None]
            self._raise(some, np.where(sure, _tious(own, given), 0.0).max(axis=1))
            if sure.all():
                continue
            open_ = ~sure & (_most(own, given, given) * SLACK > self.next[self.level[some]][:, None])
            for i, j in np.argwhere(open_):
                self._compare(int(some[i]), int(members[j]))

    def _compare(self, wanted: int, given: int) -> None:
        a, b = self.wanted.spans[wanted], self.tree.points.spans[given]
        found = tiou(a or _spans(self.wanted.at[wanted]), b or _spans(self.tree.points.at[given]))
        self._raise(np.asarray([wanted]), np.asarray([found]))

    def _raise(self, who: IntArray, found: FloatArray) -> None:
        levels = np.searchsorted(self.thresholds, found, side="left")  # how many are below what was found
        self.level[who] = np.maximum(self.level[who], levels)


def _most(a: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Most tIoU of points `a` [..., 3] with any between `low` and `high` [..., 3]."""
    common = np.minimum(a[..., 1], high[..., 1]) - np.maximum(a[..., 0], low[..., 0])
    common = np.maximum(np.minimum(common, np.minimum(a[..., 2], high[..., 2])), 0.0)
    either = np.maximum(np.maximum(a[..., 2], low[..., 2]), a[..., 2] + low[..., 2] - common)
    return np.asarray(common / either)


def _tious(a: FloatArray, b: FloatArray) -> FloatArray:
    """tIoU of points of one part each, [..., 3] and [..., 3]."""
    common = np.minimum(a[..., 1], b[..., 1]) - np.maximum(a[..., 0], b[..., 0])
    hull = np.maximum(a[..., 1], b[..., 1]) - np.minimum(a[..., 0], b[..., 0])
    return np.asarray(np.where(common > 0, common / hull, 0.0))


def _spans(point: FloatArray) -> Spans:
    return Spans.of([(float(point[0]), float(point[1]))])
