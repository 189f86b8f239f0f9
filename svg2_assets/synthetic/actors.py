"""Figures on their way: poses baked for every frame of a shot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.synthetic import geometry
from svg2_assets.synthetic.creatures import ARM_LENGTH, SHOULDER
from svg2_assets.synthetic.figures import Figure, Limb, Motion

HOLDING_ANGLE = -1.15  # radians: the arm points forward and a little down


@dataclass(slots=True, eq=False)
class Actor:
    """One figure in one shot, all arrays [F]: feet at world (`x`, `y`), `size` its height, `facing` +1 right, -1 left.

    The greater `depth`, the nearer. `angles` turn joints (radians), `shown` hides them; `grounded` says when it stands
    on the ground. `same_as`: the actor of an earlier shot that is the same thing. `index`: that of its whole among the
    objects of the shot.
    """

    figure: Figure
    x: FloatArray
    y: FloatArray
    size: FloatArray
    depth: FloatArray
    facing: FloatArray
    present: BoolArray
    grounded: BoolArray
    seconds: FloatArray
    angles: dict[str, FloatArray] = field(default_factory=dict)
    shown: dict[str, BoolArray] = field(default_factory=dict)
    same_as: Actor | None = None
    index: int = -1

    @property
    def name(self) -> str:
        """What it is called."""
        return self.figure.name

    @property
    def travelled(self) -> FloatArray:
        """Own heights of way up to each frame, signed by the facing."""
        steps = np.diff(self.x, prepend=self.x[0]) * self.facing
        return np.asarray(np.cumsum(steps / np.maximum(self.size, 1e-6)))

    def angle(self, limb: Limb) -> FloatArray:
        """By how much a limb is turned, [F] radians: a gesture replaces what it does by itself."""
        node = limb.node
        if node.joint in self.angles:
            return self.angles[node.joint]
        if node.motion is Motion.SPIN:
            return self.travelled * node.rate
        if node.motion is Motion.SWING:
            return np.asarray(node.swing * np.sin(self.travelled * node.rate))
        if node.motion is Motion.SWAY:
            return np.asarray(node.swing * np.sin(self.seconds * node.rate))
        return np.zeros(len(self.x))

    def hand(self) -> tuple[FloatArray, FloatArray]:
        """World x and y of a person's hand, [F] each."""
        turn = self.angles.get("arm", np.zeros(len(self.x)))
        x = SHOULDER[0] - np.sin(turn) * ARM_LENGTH
        y = SHOULDER[1] + np.cos(turn) * ARM_LENGTH
        return self.x + self.facing * self.size * x, self.y + self.size * y

    def maps(self) -> list[FloatArray]:
        """Local-to-world maps [F, 2, 3] of all limbs."""
        feet = np.stack((self.x, self.y), axis=1)
        # The angle of the whole thing is that of its root about its own pivot.
        placed = geometry.affine(self.size * self.facing, self.size, angle=0.0, shift=feet)
        found: list[FloatArray] = []
        for limb in self.figure.limbs:
            base = placed if limb.parent is None else found[limb.parent]
            found.append(geometry.compose(base, geometry.turn_about(limb.node.pivot, self.angle(limb))))
        return found


def heading(x: FloatArray) -> FloatArray:
    """The way a thing faces that moves along `x` [F]: the sign of its motion, kept while it stands."""
    signs = np.sign(np.where(np.abs(np.diff(x, append=x[-1])) > 1e-4, np.diff(x, append=x[-1]), 0))
    moving = np.flatnonzero(signs)
    if moving.size == 0:
        return np.ones(len(x))
    latest = np.maximum.accumulate(np.where(signs != 0, np.arange(len(x)), moving[0]))
    return np.asarray(signs[latest])


def ease(u: FloatArray, start: float, end: float) -> FloatArray:
    """0 before `start`, 1 after `end`, smooth in between, [F]."""
    way = np.clip((u - start) / max(1e-6, end - start), 0, 1)
    return np.asarray(way * way * (3 - 2 * way))


def slide(u: FloatArray, *stops: tuple[float, float]) -> FloatArray:
    """A value [F] that goes through `stops` (share of the shot, value), straight in between, still outside."""
    shares, values = zip(*stops, strict=True)
    return np.asarray(np.interp(u, shares, values), dtype=np.float64)
