"""`Segmenter` by SAM 2.1: points on a grid over the frame and over crops of it become masks, the good ones stay.

The rules are those of SVG2's first stage, which are SAM's automatic mask generator's with grids of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from resources.sam2.batching import Batches
from resources.sam2.candidates import Candidates, Raw, best_first, best_of_crop, good_ones, joined, only_best
from resources.sam2.engine import Engine
from resources.sam2.grids import Crop, layers
from resources.sam2.network import Features
from resources.sam2.settings import SegmentSettings
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, Pixels
from svg2_assets.trajectories.panoptic.protocols import Proposal

if TYPE_CHECKING:
    import torch

VERSION = "1"  # of the algorithm: raise it when the same settings give other masks
STRONGEST = 32.0  # logits that a refinement starts from


class Sam2Segmenter:
    """Segments frames with `engine`. While a session is open on the frame's video, they share the frame's features."""

    def __init__(self, engine: Engine | None = None, settings: SegmentSettings | None = None) -> None:
        self._engine = engine or Engine()
        self._settings = settings or SegmentSettings()
        self._batches = Batches(self._settings.points_per_batch)

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a file that is not there."""
        return self._engine.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return {"version": VERSION, **self._engine.settings.identity, **self._settings.identity}

    def segment(
        self, frame: Frame, *, focus: Mask | None = None, known: Mask | None = None, closely: bool = True
    ) -> tuple[Proposal, ...]:
        """Masks of `frame` at the size of its pixels, best first; the same frame gives the same masks.

        With `focus`, points outside it are not prompted and crops without a point are not encoded; in `known` every
        second point of every second row is. Raises `InvalidSceneValue` for a mask of another size,
        `DeviceMemoryExhausted` when one point is too much.
        """
        height, width = frame.pixels.shape[:2]
        found: list[Candidates] = []
        for crops in layers(height, width, self._settings, focus=focus, known=known, closely=closely):
            for crop, features in self._encoded(frame, crops):
                found.append(self._of_crop(crop, features, (height, width)))
        kept = joined(found)
        if len(self._settings.points_per_side) > 1 and closely:
            kept = only_best(kept, by=[1.0 / area for area in kept.crop_areas], overlap=self._settings.crop_nms)
        return best_first(kept)

    def _encoded(self, frame: Frame, crops: Sequence[Crop]) -> Iterator[tuple[Crop, Features]]:
        """Crops with their features: the whole frame's may be known, those of others are computed some at a time."""
        if crops and crops[0].layer == 0:
            yield crops[0], self._engine.features(frame)
            return
        step = self._engine.settings.encoder_batch
        for start in range(0, len(crops), step):
            some = crops[start : start + step]
            features = self._engine.encode([_cut(frame.pixels, crop) for crop in some])
            yield from zip(some, (self._engine.through_cache(f) for f in features), strict=True)

    def _of_crop(self, crop: Crop, features: Features, size: tuple[int, int]) -> Candidates:
        """The crop's own best masks, at the frame's size."""
        with self._engine.running():
            points = self._network_points(crop)
            parts = list(self._batches.run(points, lambda part: self._of_points(part, crop, features, size)))
            if not parts:
                return Candidates()
            # What runs out of memory after the batches of points is told in the same words.
            joining = Batches(1).run(
                [parts], lambda one: best_of_crop(one[0], crop=crop, size=size, settings=self._settings)
            )
            return next(joining)

    def _of_points(self, points: Sequence[torch.Tensor], crop: Crop, features: Features, size: tuple[int, int]) -> Raw:
        import torch

        where = torch.stack(tuple(points))
        logits, scores = self._engine.network.prompt_points(where, features)
        if self._settings.refine:
            again = logits.clamp(-STRONGEST, STRONGEST)
            logits, scores = self._engine.network.prompt_points(where, features, masks=again)
        good = scores > self._settings.least_iou
        kept = logits[good].to(self._engine.dtype)  # what the network computed in, so nothing is lost
        return good_ones(kept, scores[good], crop=crop, size=size, settings=self._settings)

    def _network_points(self, crop: Crop) -> list[torch.Tensor]:
        """[2] each: x, y in pixels of the network's input."""
        import torch

        places = torch.as_tensor(crop.points, dtype=torch.float32, device=self._engine.device)
        return list(places * self._engine.settings.image_size)


def _cut(pixels: Pixels, crop: Crop) -> Pixels:
    left, top, right, bottom = crop.box
    return pixels[top:bottom, left:right]
