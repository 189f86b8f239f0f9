"""How the camera moves through a shot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from svg2_assets.scene.masks import FloatArray
from svg2_assets.synthetic import geometry
from svg2_assets.synthetic.actors import Actor, ease

REACH = 0.5  # of the frame's width: how far the camera's centre may leave the middle


class Move(StrEnum):
    """What the camera does on purpose."""

    STILL = "still"
    PAN = "pan"
    ZOOM = "zoom"
    TRACK = "track"


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """World centre `x`, `y`, `zoom` and `roll` (radians) on each frame, [F] each."""

    move: Move
    x: FloatArray
    y: FloatArray
    zoom: FloatArray
    roll: FloatArray

    def maps(self, *, width: int, height: int) -> FloatArray:
        """World-to-pixel maps [F, 2, 3] for frames of `width` x `height` pixels."""
        scale = self.zoom * height
        maps = geometry.affine(scale, scale, angle=self.roll, shift=np.zeros((len(self.x), 2)))
        centre = np.stack((self.x, self.y), axis=1)[:, :, None]
        maps[:, :, 2] = np.asarray((width / 2, height / 2)) - (maps[:, :, :2] @ centre)[..., 0]
        return maps


def still(count: int, *, aspect: float) -> Camera:
    """A camera on a tripod."""
    full = np.ones(count)
    return Camera(Move.STILL, full * aspect / 2, full * 0.5, full, full * 0)


def pan(rng: np.random.Generator, u: FloatArray, *, aspect: float) -> Camera:
    """Sideways, from one side of the middle to the other."""
    base = still(len(u), aspect=aspect)
    reach = aspect * rng.uniform(0.1, 0.28) * rng.choice([-1, 1])
    return Camera(Move.PAN, base.x + reach * (2 * ease(u, 0.05, 0.95) - 1), base.y, base.zoom, base.roll)


def zoom(rng: np.random.Generator, u: FloatArray, *, aspect: float) -> Camera:
    """Towards a point near the middle, or away from it."""
    base = still(len(u), aspect=aspect)
    way = ease(u, 0.1, 0.9) if rng.random() < 0.5 else 1 - ease(u, 0.1, 0.9)
    factor = 1 + rng.uniform(0.2, 0.5) * way
    shift = aspect * rng.uniform(-0.12, 0.12)
    return Camera(Move.ZOOM, base.x + shift * way, base.y + 0.06 * way, factor, base.roll)


def track(actor: Actor, *, aspect: float) -> Camera:
    """Keeps `actor` in the middle of the frame's width as far as the painted world reaches."""
    base = still(len(actor.x), aspect=aspect)
    x = np.clip(actor.x, aspect * (0.5 - REACH), aspect * (0.5 + REACH))
    return Camera(Move.TRACK, smoothed(x, 5), base.y, base.zoom * 1.08, base.roll)


def shaken(camera: Camera, rng: np.random.Generator, *, strength: float) -> Camera:
    """Hand-held: `strength` of the frame's height, standard deviation."""
    x, y, roll = (strength * smoothed(rng.normal(0, 1, len(camera.x)), 3) for _ in range(3))
    return replace(camera, x=camera.x + 1.7 * x, y=camera.y + 1.7 * y, roll=camera.roll + roll)


def smoothed(values: FloatArray, width: int) -> FloatArray:
    """The running mean of `values` [F] over `width` frames, ends repeated."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")
