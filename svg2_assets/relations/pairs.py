"""What is measured of two things at the cells in which both are visible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from svg2_assets.relations import coarse
from svg2_assets.relations.sampling import Grid
from svg2_assets.relations.things import Thing
from svg2_assets.relations.thresholds import Thresholds
from svg2_assets.scene.masks import BoolArray, FloatArray, IntArray
from svg2_assets.scene.video import Video


@dataclass(frozen=True, slots=True)
class Side:
    """One thing of a pair, at the pair's K cells. Lengths in pixels, see `Thing`."""

    thing: Thing
    boxes: FloatArray
    cut: BoolArray
    velocity: FloatArray

    @classmethod
    def of(cls, thing: Thing, cells: IntArray) -> Side:
        """The part of `thing` that lies at `cells`."""
        return cls(thing, thing.boxes[cells], thing.cut[cells], np.nan_to_num(thing.velocity[cells]))

    @property
    def low(self) -> FloatArray:
        """[K, 2] x and y of the left and upper side."""
        return self.boxes[:, :2]

    @property
    def high(self) -> FloatArray:
        """[K, 2] x and y of the right and lower side."""
        return self.boxes[:, 2:]

    @property
    def extent(self) -> FloatArray:
        """[K, 2] width and height."""
        return np.asarray(self.high - self.low)

    @property
    def centre(self) -> FloatArray:
        """[K, 2] middle of the box."""
        return np.asarray((self.low + self.high) / 2)

    @property
    def feet(self) -> FloatArray:
        """[K, 2] middle of the lower side."""
        return np.asarray(np.stack((self.centre[:, 0], self.high[:, 1]), axis=1))

    @property
    def height(self) -> FloatArray:
        """[K]."""
        return np.asarray(self.extent[:, 1])

    @property
    def size(self) -> FloatArray:
        """[K] square root of the box's area."""
        return np.asarray(np.sqrt(self.extent.prod(axis=1)))

    @property
    def pace(self) -> FloatArray:
        """[K] own speed, pixels a second."""
        return np.hypot(self.velocity[:, 0], self.velocity[:, 1])


@dataclass(frozen=True, slots=True)
class Pair:
    """Two things at their K common cells; as `measure` builds it, the first has the lower id.

    `times` [K]: seconds at the middle of the cells. `gap` [K]: pixels between the masks (between the boxes where those
    are clearly apart). `common` [K]: shared pixels over the smaller mask. `iou` [K]. `ring_first` [K]: share of the
    ring around the first that the second fills. `contact` [K]: whether the masks meet.
    """

    first: Side
    second: Side
    cells: IntArray
    times: FloatArray
    gap: FloatArray
    common: FloatArray
    iou: FloatArray
    ring_first: FloatArray
    ring_second: FloatArray
    contact: BoolArray

    def turned(self) -> Pair:
        """The same pair seen from the second thing."""
        return Pair(
            first=self.second,
            second=self.first,
            cells=self.cells,
            times=self.times,
            gap=self.gap,
            common=self.common,
            iou=self.iou,
            ring_first=self.ring_second,
            ring_second=self.ring_first,
            contact=self.contact,
        )

    @property
    def mean_size(self) -> FloatArray:
        """[K] pixels."""
        return np.asarray((self.first.size + self.second.size) / 2)

    @property
    def mean_height(self) -> FloatArray:
        """[K] pixels."""
        return np.asarray((self.first.height + self.second.height) / 2)

    @property
    def overlap(self) -> FloatArray:
        """[K, 2] by how much the extents overlap in x and y, pixels; negative: the gap between them."""
        return np.asarray(np.minimum(self.first.high, self.second.high) - np.maximum(self.first.low, self.second.low))

    @property
    def narrower(self) -> FloatArray:
        """[K, 2] the smaller of the two widths and of the two heights."""
        return np.maximum(np.minimum(self.first.extent, self.second.extent), 1.0)


def measure(video: Video, grid: Grid, things: Sequence[Thing], settings: Thresholds) -> Iterator[Pair]:
    """Every pair of `things` that is ever visible together; each mask is read at most once a cell."""
    every = (_empty(a, b, grid) for a, b in combinations(sorted(things, key=lambda t: t.id), 2))
    pairs = [p for p in every if len(p.cells)]
    step = max(1, -(-video.height // settings.sampling.rows))
    ring, contact = settings.depth.ring_width, settings.layout.contact_cells
    frame = (-(-video.height // step), -(-video.width // step))
    for cell, close in sorted(_close(pairs, reach=2.0 * step).items()):
        patches: dict[int, coarse.Patch] = {}
        for pair, k in close:
            a, b = (_patch(side.thing, cell, step, patches) for side in (pair.first, pair.second))
            _store(pair, k, coarse.meeting(a, b, frame=frame, ring=ring), step=step, contact=contact)
    yield from pairs


def _empty(a: Thing, b: Thing, grid: Grid) -> Pair:
    """The pair with what the boxes tell; masks are still to be compared."""
    cells = np.flatnonzero((a.at >= 0) & (b.at >= 0))
    first, second = Side.of(a, cells), Side.of(b, cells)
    apart = np.maximum(np.maximum(first.low, second.low) - np.minimum(first.high, second.high), 0.0)
    return Pair(
        first=first,
        second=second,
        cells=cells,
        times=grid.times[cells],
        gap=np.hypot(apart[:, 0], apart[:, 1]),
        common=np.zeros(len(cells)),
        iou=np.zeros(len(cells)),
        ring_first=np.zeros(len(cells)),
        ring_second=np.zeros(len(cells)),
        contact=np.zeros(len(cells), dtype=bool),
    )


def _close(pairs: Sequence[Pair], *, reach: float) -> dict[int, list[tuple[Pair, int]]]:
    """By cell, the pairs (and their position of the cell) whose boxes are at most `reach` pixels apart."""
    found: dict[int, list[tuple[Pair, int]]] = {}
    for pair in pairs:
        for k in np.flatnonzero(pair.gap <= reach):
            found.setdefault(int(pair.cells[k]), []).append((pair, int(k)))
    return found


def _patch(thing: Thing, cell: int, step: int, known: dict[int, coarse.Patch]) -> coarse.Patch:
    if thing.id not in known:
        known[thing.id] = coarse.patch(thing.trajectory.masks[int(thing.at[cell])], step=step)
    return known[thing.id]


def _store(pair: Pair, k: int, met: coarse.Meeting, *, step: int, contact: float) -> None:
    pair.gap[k] = met.gap * step
    pair.common[k], pair.iou[k] = met.common, met.iou
    pair.ring_first[k], pair.ring_second[k] = met.ring_first, met.ring_second
    pair.contact[k] = met.gap + 1.0 <= contact + 1e-3


def same_thing(pair: Pair, settings: Thresholds) -> bool:
    """Whether the two trajectories show one thing, or one a piece of the other, for most of their common time."""
    rules = settings.depth
    area, other = pair.first.size**2, pair.second.size**2
    alike = np.minimum(area, other) >= rules.part_size * np.maximum(area, other)
    one_name = pair.first.thing.name == pair.second.thing.name and pair.first.thing.named
    piece = (pair.common > rules.part) & (alike | one_name)
    return bool(len(pair.cells) and np.mean((pair.iou > rules.duplicate) | piece) >= rules.part_share)


def doubles(pairs: Sequence[Pair], settings: Thresholds) -> frozenset[int]:
    """Ids of things that show, for most of their own time, what a better known thing shows: nothing is said of them."""
    found: set[int] = set()
    for pair in pairs:
        if same_thing(pair, settings):
            weaker = min(pair.first.thing, pair.second.thing, key=lambda t: (t.named, t.score, -t.id))
            if len(pair.cells) >= settings.depth.part_share * len(weaker.cells):
                found.add(weaker.id)
    return frozenset(found)
