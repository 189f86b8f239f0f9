"""From a stage to pixels: a picture and a map of which object each pixel shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.scene.video import Pixels
from svg2_assets.synthetic import geometry
from svg2_assets.synthetic.actors import Actor
from svg2_assets.synthetic.figures import Node
from svg2_assets.synthetic.stage import Stage

SUBPIXEL = 4  # bits of the polygon corners' fractions
SHADOW = 0.72
TEXTURE_SIZES = (3, 320)  # pixels
TINY = 36  # pixels of a texture too small to show any pattern: such nodes have one colour


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A node on stage: its outline in pixels [F, N, 2] from corner `low` to `high` [F, 2], its map to
    pixels [F, 2, 3], what it is and how near [F]."""

    actor: int
    owner: int
    node: Node
    outline: FloatArray
    maps: FloatArray
    depth: FloatArray
    shown: BoolArray
    low: FloatArray
    high: FloatArray


class Painter:
    """Draws the frames of one shot, in any order. Geometry is computed once for all frames."""

    def __init__(self, stage: Stage, *, width: int, height: int) -> None:
        self._stage, self.width, self.height = stage, width, height
        self._camera = stage.camera.maps(width=width, height=height)

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The nodes of all actors in painting order within an actor."""
        found: list[Piece] = []
        for number, actor in enumerate(self._stage.actors):
            for limb, maps in zip(actor.figure.limbs, actor.maps(), strict=True):
                to_pixels = geometry.compose(self._camera, maps)
                outline = geometry.apply(to_pixels, limb.node.outline)
                low, high = outline.min(axis=1), outline.max(axis=1)
                seen = ((high >= 0) & (low < (self.width, self.height))).all(axis=1)
                found.append(
                    Piece(
                        actor=number,
                        owner=actor.index + limb.label,
                        node=limb.node,
                        outline=outline,
                        maps=to_pixels,
                        depth=actor.depth + limb.node.layer,
                        shown=actor.present & actor.shown.get(limb.node.joint, np.True_) & seen,
                        low=low,
                        high=high,
                    )
                )
        return tuple(found)

    @cached_property
    def boxes(self) -> FloatArray:
        """The box (x0, y0, x1, y1) of each actor's whole body in pixels, hidden or not, [actors, F, 4]."""
        found = np.full((len(self._stage.actors), self._stage.count, 4), np.nan)
        for number in range(len(self._stage.actors)):
            corners = np.concatenate([p.outline for p in self._by_actor[number]], axis=1)
            found[number] = np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)
        return found

    def order(self, frame: int) -> list[Piece]:
        """What is in the picture on `frame`, back to front."""
        there = [p for p in self.pieces if p.shown[frame]]
        return sorted(there, key=lambda p: float(p.depth[frame]))

    def owners(self, frame: int) -> Pixels:
        """The index of the object that each pixel shows, [H, W] uint8: parts before their wholes."""
        owners = self._background(frame)
        for piece in self.order(frame):
            cv2.fillPoly(owners, [_fixed(piece.outline[frame])], piece.owner, shift=SUBPIXEL)
        return owners

    def silhouette(self, number: int, frame: int) -> BoolArray:
        """All pixels [H, W] of actor `number` on `frame` as if nothing hid them."""
        return self.shape([p for p in self._by_actor[number] if p.shown[frame]], frame)

    def shape(self, pieces: Sequence[Piece], frame: int) -> BoolArray:
        """The pixels [H, W] that `pieces` cover together."""
        shape = np.zeros((self.height, self.width), np.uint8)
        for piece in pieces:
            cv2.fillPoly(shape, [_fixed(piece.outline[frame])], 1, shift=SUBPIXEL)
        return shape.astype(bool)

    def picture(self, frame: int) -> Pixels:
        """The frame as the camera sees it, [H, W, 3] RGB."""
        canvas = self._stage.backdrop.canvas(self.height)
        drawn = cv2.warpAffine(
            canvas.pixels, self._from_canvas(frame), (self.width, self.height), borderMode=cv2.BORDER_REPLICATE
        )
        self._cast_shadows(drawn, frame)
        for piece in self.order(frame):
            self._paint(drawn, piece, frame)
        return self._expose(drawn, frame)

    @cached_property
    def _by_actor(self) -> list[list[Piece]]:
        return [[p for p in self.pieces if p.actor == n] for n in range(len(self._stage.actors))]

    @cached_property
    def _textures(self) -> dict[int, Pixels]:
        """The painted surface of each node, as large as the node gets."""
        found: dict[int, Pixels] = {}
        for piece in self.pieces:
            if id(piece.node) not in found:
                extent = np.ptp(piece.node.outline, axis=0) * np.abs(np.linalg.det(piece.maps[:, :, :2])).max() ** 0.5
                columns, rows = (int(np.clip(np.ceil(e), *TEXTURE_SIZES)) for e in extent)
                found[id(piece.node)] = piece.node.texture.paint(rows, columns)
        return found

    @cached_property
    def _grain(self) -> FloatArray:
        """Noise larger than a frame; each frame shows another window of it."""
        rng = np.random.Generator(np.random.PCG64(self._stage.start))
        shape = self.height + 61, self.width + 67, 3
        return rng.normal(0, self._stage.settings.noise, shape).astype(np.float32)

    def _background(self, frame: int) -> Pixels:
        canvas = self._stage.backdrop.canvas(self.height)
        return np.asarray(
            cv2.warpAffine(
                canvas.regions,
                self._from_canvas(frame),
                (self.width, self.height),
                flags=cv2.INTER_NEAREST,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            dtype=np.uint8,
        )

    def _from_canvas(self, frame: int) -> FloatArray:
        """Canvas pixels to frame pixels, [2, 3]."""
        canvas = self._stage.backdrop.canvas(self.height)
        unit = np.asarray([[1 / canvas.scale, 0, canvas.origin[0]], [0, 1 / canvas.scale, canvas.origin[1]]])
        return geometry.compose(self._camera[frame], unit)

    def _cast_shadows(self, drawn: Pixels, frame: int) -> None:
        """Dark ellipses under what stands on the ground."""
        shape = np.zeros(drawn.shape[:2], np.uint8)
        for actor in self._stage.actors:
            if actor.present[frame] and actor.grounded[frame]:
                outline = _shadow(actor, frame)
                corners = geometry.apply(self._camera[frame : frame + 1], outline)[0]
                cv2.fillPoly(shape, [_fixed(corners)], 1, shift=SUBPIXEL)
        dark = shape.astype(bool)
        drawn[dark] = (drawn[dark] * SHADOW).astype(np.uint8)

    def _paint(self, drawn: Pixels, piece: Piece, frame: int) -> None:
        """Lay a node's texture over the window of its outline."""
        outline = piece.outline[frame]
        texture = self._textures[id(piece.node)]
        if texture.shape[0] * texture.shape[1] <= TINY:
            color = tuple(float(c) for c in texture.mean(axis=(0, 1)))
            cv2.fillPoly(drawn, [_fixed(outline)], color, shift=SUBPIXEL)
            return
        x0, y0 = (max(int(v) - 1, 0) for v in piece.low[frame])
        x1, y1 = (min(int(v) + 2, most) for v, most in zip(piece.high[frame], (self.width, self.height), strict=True))
        shape = np.zeros((y1 - y0, x1 - x0), np.uint8)
        cv2.fillPoly(shape, [_fixed(outline - (x0, y0))], 1, shift=SUBPIXEL)
        low, extent = piece.node.outline.min(axis=0), np.ptp(piece.node.outline, axis=0)
        rows, columns = texture.shape[:2]
        local = np.asarray([[extent[0] / columns, 0, low[0]], [0, extent[1] / rows, low[1]]])
        maps = geometry.compose(piece.maps[frame], local)
        maps[:, 2] -= x0, y0
        laid = cv2.warpAffine(texture, maps, (int(x1 - x0), int(y1 - y0)), borderMode=cv2.BORDER_REFLECT)
        np.copyto(drawn[y0:y1, x0:x1], laid, where=shape.astype(bool)[..., None])

    def _expose(self, drawn: Pixels, frame: int) -> Pixels:
        """What lens, light and sensor make of it: soft edges, brightness, grain."""
        soft = cv2.GaussianBlur(drawn, (0, 0), max(0.5, 0.0022 * self.height))
        top, left = (frame * 37) % 61, (frame * 53) % 67
        grain = self._grain[top : top + self.height, left : left + self.width]
        lit = soft.astype(np.float32) * np.float32(self._stage.gain[frame]) + grain
        return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)


def _fixed(outline: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Corners as the fixed-point numbers that OpenCV draws."""
    return np.rint(outline * (1 << SUBPIXEL)).astype(np.int32)


def _shadow(actor: Actor, frame: int) -> FloatArray:
    size = float(actor.size[frame])
    half = min(actor.figure.half_width, 0.7) * size
    return geometry.ellipse(float(actor.x[frame]) + 0.05 * size, float(actor.y[frame]), half, 0.05 * size, corners=16)
