"""A `MaskTracker` that follows the truth, with drop-outs, leaks, lost and switched identities and inventions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from resources.oracle.errors import Dice, Errors, Kind, misshapen
from resources.oracle.segmenter import TrueMasks, edge_error, nearest
from svg2_assets.scene import masks as mask_algebra
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.trajectories.panoptic.protocols import Tracked, TrackSession, Vectors

FOUND_IOU = 0.5
WITHIN = 0.8


class Appearances(TrueMasks, Protocol):
    """The truth, with what its objects look like."""

    @property
    def appearances(self) -> Mapping[int, Vectors]:
        """Object -> [D], unit length."""
        ...


@dataclass(slots=True)
class Pursuit:
    """What an id follows: the union of `targets`, cut to `part` = (x0, y0, x1, y1) in shares of its box."""

    targets: tuple[int, ...]
    part: tuple[float, float, float, float] | None
    prompts: dict[int, Mask]
    hidden: int = 0
    lost: bool = False
    last: Mask | None = None
    met: set[int] = field(default_factory=set)


class OracleTracker:
    """Knows `truth`; errs as `errors` say, by the dice of `seed`."""

    def __init__(self, truth: Appearances, errors: Errors | None = None, *, seed: int = 0) -> None:
        self._truth, self._errors, self._seed = truth, errors or Errors(), seed

    @property
    def model_id(self) -> str:
        """Says that it is no model."""
        return "oracle-tracker/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """The errors."""
        return {"seed": self._seed, **asdict(self._errors)}

    @contextmanager
    def session(self, source: FrameSource) -> Iterator[TrackSession]:
        """Follow objects of `source`, whose truth this is."""
        yield OracleSession(self._truth, self._errors, Dice(self._seed), fps=source.video.fps)


class OracleSession:
    """One video's pursuits."""

    def __init__(self, truth: Appearances, errors: Errors, dice: Dice, *, fps: float) -> None:
        self._truth, self._errors, self._dice, self._fps = truth, errors, dice, fps
        self._pursuits: dict[int, Pursuit] = {}
        self._back: dict[int, Pursuit] = {}
        self._frames: set[int] = set()
        self._spent: Counter[str] = Counter()

    @property
    def statistics(self) -> Mapping[str, float]:
        """Frames looked at; one encoder pass each."""
        return {"image_encoder_passes": float(len(self._frames)), **self._spent}

    def prompt(self, frame: Frame, masks: Mapping[int, Mask]) -> None:
        """Find out which true objects `masks` show."""
        self._frames.add(frame.index)
        shown = self._truth.masks_at(frame.index)
        for object_id, mask in masks.items():
            known = self._pursuits.get(object_id)
            prompts = {**(known.prompts if known else {}), frame.index: mask}
            targets, part = aimed_at(mask, shown)
            self._pursuits[object_id] = Pursuit(targets, part, prompts, last=mask)

    def advance(self, frame: Frame) -> dict[int, Tracked]:
        """Every pursuit on `frame`."""
        self._frames.add(frame.index)
        shown = self._truth.masks_at(frame.index)
        return {i: self._follow(p, frame.index, shown) for i, p in self._pursuits.items()}

    def retrace(self, index: int, ids: Collection[int]) -> dict[int, Tracked]:
        """The pursuits `ids` on the earlier frame `index`."""
        shown = self._truth.masks_at(index)
        found = {}
        for object_id in ids:
            ahead = self._pursuits.get(object_id)
            if ahead is None:
                continue
            first = ahead.prompts[min(ahead.prompts)]
            back = self._back.setdefault(object_id, replace(ahead, hidden=0, lost=False, last=first, met=set()))
            tracked = self._follow(back, index, shown)
            found[object_id] = replace(tracked, appearance=self._look(tracked.mask, index, shown))
        return found

    def forget(self, ids: Collection[int]) -> None:
        """End these pursuits."""
        for object_id in ids:
            self._pursuits.pop(object_id, None)
            self._back.pop(object_id, None)

    def embed(self, frame: Frame, masks: Sequence[Mask]) -> Vectors:
        """What the objects under `masks` look like, with noise."""
        shown = self._truth.masks_at(frame.index)
        looks = [self._look(m, frame.index, shown) for m in masks]
        size = len(next(iter(self._truth.appearances.values()), np.zeros(8)))
        blank = np.eye(1, size, dtype=np.float32)[0]
        found = [blank if v is None else v for v in looks]
        return np.stack(found).astype(np.float32) if found else np.zeros((0, size), np.float32)

    def _look(self, mask: Mask | None, index: int, shown: Mapping[int, Mask]) -> Vectors | None:
        if mask is None or not shown:
            return None
        ids = sorted(shown)
        weight = mask_algebra.iou([mask], [shown[i] for i in ids])[0] ** 2
        mixed = (weight + 1e-6) @ np.stack([self._truth.appearances[i] for i in ids])
        noise = self._dice.throw(Kind.LOOK, index, mask.area).normal(0.0, self._errors.look, mixed.shape)
        seen = mixed / max(1e-6, float(np.linalg.norm(mixed))) + noise
        return np.asarray(seen / max(1e-6, float(np.linalg.norm(seen))), dtype=np.float32)

    def _follow(self, pursuit: Pursuit, index: int, shown: Mapping[int, Mask]) -> Tracked:
        if index in pursuit.prompts:
            pursuit.hidden, pursuit.lost, pursuit.last = 0, False, pursuit.prompts[index]
            return Tracked(pursuit.prompts[index], 1.0, 1.0)
        there = [shown[t] for t in pursuit.targets if t in shown]
        true = _cut(mask_algebra.union(there), pursuit.part) if there else None
        if true is None or not true.area:
            pursuit.hidden += 1
            return self._unseen(pursuit, index)
        self._reappear(pursuit, index)
        if pursuit.lost or self._is_unknown_yet(pursuit, index):
            return self._unseen(pursuit, index)
        self._switch(pursuit, shown)
        return self._seen(pursuit, index, true, shown)

    def _seen(self, pursuit: Pursuit, index: int, true: Mask, shown: Mapping[int, Mask]) -> Tracked:
        errors, dice, target = self._errors, self._dice, pursuit.targets[0]
        generator = dice.throw(Kind.SCORE, index, target)
        half, second = int(2 * index / self._fps), int(index / self._fps)
        if dice.happens(errors.drop / 2, Kind.DROP, half, target):
            return Tracked(None, float(generator.uniform(0.05, 0.4)))
        mask = misshapen(true, dice.throw(Kind.SHAPE, index, target, 1), strength=edge_error(true, errors))
        if len(shown) > 1 and dice.happens(errors.leak, Kind.LEAK, second, target):
            mask = mask_algebra.union([mask, shown[nearest(target, shown)]]) if target in shown else mask
        pursuit.last = mask
        quality = float(mask_algebra.iou([mask], [true])[0, 0]) + float(generator.normal(0, 0.05))
        return Tracked(mask, float(generator.uniform(0.75, 0.99)), float(np.clip(quality, 0.0, 1.0)))

    def _unseen(self, pursuit: Pursuit, index: int) -> Tracked:
        """Nothing, or for a while whatever lies where it was seen last."""
        target = pursuit.targets[0] if pursuit.targets else -1
        generator = self._dice.throw(Kind.INVENT, index, target, 1)
        invents = self._dice.happens(self._errors.invent, Kind.INVENT, int(index / self._fps), target)
        if invents and pursuit.last is not None:
            mask = misshapen(pursuit.last, generator, strength=self._errors.shape)
            return Tracked(mask, float(generator.uniform(0.3, 0.75)), float(generator.uniform(0.4, 0.8)))
        return Tracked(None, float(generator.uniform(0.02, 0.3)))

    def _reappear(self, pursuit: Pursuit, index: int) -> None:
        """Who was hidden for long may not be recognised."""
        if pursuit.hidden / self._fps >= self._errors.forget:
            pursuit.lost |= self._dice.happens(self._errors.lose, Kind.LOSE, index // 4, pursuit.targets[0])
        pursuit.hidden = 0

    def _is_unknown_yet(self, pursuit: Pursuit, index: int) -> bool:
        before = index < min(pursuit.prompts)
        return before and self._dice.happens(self._errors.unseen_before, Kind.FUTURE, pursuit.targets[0])

    def _switch(self, pursuit: Pursuit, shown: Mapping[int, Mask]) -> None:
        """Once a meeting, it may go on with a look-alike that its target touches."""
        target = pursuit.targets[0]
        if len(pursuit.targets) > 1 or target not in shown:
            return
        looks = self._truth.appearances
        for other in shown:
            alike = other != target and float(looks[other] @ looks[target]) > 0.97
            if not alike or other in pursuit.met or not _touch(shown[target], shown[other]):
                continue
            pursuit.met.add(other)
            if self._dice.happens(self._errors.switch, Kind.SWITCH, target, other):
                pursuit.targets, pursuit.met = (other,), {target}
                return


def aimed_at(mask: Mask, shown: Mapping[int, Mask]) -> tuple[tuple[int, ...], tuple[float, float, float, float] | None]:
    """Which true objects a prompt means: the one it covers, or several that lie in it, or a piece of one."""
    ids = sorted(shown)
    if not ids:
        return (), None
    masks = [shown[i] for i in ids]
    overlap = mask_algebra.iou([mask], masks)[0]
    if overlap.max() >= FOUND_IOU:
        return (ids[int(overlap.argmax())],), None
    within = mask_algebra.containment(masks, [mask])[:, 0]
    inside = tuple(i for i, share in zip(ids, within, strict=True) if share >= WITHIN)
    if len(inside) > 1:
        return inside, None
    whole = ids[int(mask_algebra.containment([mask], masks)[0].argmax())]
    x, y, w, h = shown[whole].box
    a, b, c, d = mask.box
    return (whole,), ((a - x) / w, (b - y) / h, (a + c - x) / w, (b + d - y) / h)


def _cut(mask: Mask, part: tuple[float, float, float, float] | None) -> Mask:
    if part is None:
        return mask
    x, y, w, h = mask.box
    frame = (x + part[0] * w, y + part[1] * h, (part[2] - part[0]) * w, (part[3] - part[1]) * h)
    return mask_algebra.intersection([mask, Mask.from_box(frame, height=mask.height, width=mask.width)])


def _touch(a: Mask, b: Mask) -> bool:
    (x, y, w, h), (u, v, p, q) = a.box, b.box
    return x < u + p and u < x + w and y < v + q and v < y + h
