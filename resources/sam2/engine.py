"""One model for segmenter and tracker: loading it, running it, and the features of the video at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2 import building, checkpoint
from resources.sam2.batching import Batches
from resources.sam2.network import Features, Network
from resources.sam2.settings import ModelSettings
from svg2_assets.scene.video import Frame, Pixels

if TYPE_CHECKING:
    import torch

    from resources.sam2.features import FeatureCache

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of the pictures the encoder was trained on


class Engine:
    """A SAM 2.1 model, loaded when first needed. One thread and one video at a time.

    `counters` [name → times]: what was spent since the engine exists.
    """

    def __init__(self, settings: ModelSettings | None = None) -> None:
        self.settings = settings or ModelSettings()
        self.counters: Counter[str] = Counter()
        self._caches: list[FeatureCache] = []
        self._encoder_batches = Batches(self.settings.encoder_batch)

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a file that is not there."""
        return checkpoint.identity(self.settings)

    @cached_property
    def network(self) -> Network:
        """The model's steps. Raises `ModelsMissing`, `CheckpointError`."""
        return Network(building.build(self.settings))

    @cached_property
    def device(self) -> torch.device:
        """Where the model runs."""
        return building.device_of(self.settings)

    @cached_property
    def dtype(self) -> torch.dtype:
        """What the model computes in."""
        import torch

        named = self.settings.dtype
        if named == "auto":
            named = "bfloat16" if building.multiplies_bfloat16(self.device) else "float32"
        return torch.bfloat16 if named == "bfloat16" else torch.float32

    @cached_property
    def cache_dtype(self) -> torch.dtype:
        """What features are kept in. They always pass through it, so that nothing depends on what was kept."""
        import torch

        named = self.settings.cache_dtype
        if named == "auto":
            return torch.bfloat16 if self.dtype == torch.bfloat16 else torch.float16
        kinds = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
        return kinds[named]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Inference: no gradients, autocast where the dtype asks for it."""
        import torch

        low = self.dtype != torch.float32
        with torch.inference_mode(), torch.autocast(self.device.type, dtype=self.dtype, enabled=low):
            yield

    def encode(self, pictures: Sequence[Pixels]) -> list[Features]:
        """Features of each picture, on the device. Pictures, [H, W, 3] RGB, may differ in size.

        Raises `DeviceMemoryExhausted`.
        """
        with self.running():
            parts = self._encoder_batches.run(pictures, self._encoded)
            return [features for part in parts for features in part]

    def features(self, frame: Frame) -> Features:
        """Features of `frame`: those of the session that is open on its video, or new ones that nobody keeps."""
        for cache in reversed(self._caches):
            if cache.fits(frame):
                return cache.of(frame)
        return self.through_cache(self.encode([frame.pixels])[0])

    def through_cache(self, features: Features) -> Features:
        """`features` with the precision that they would have after being kept."""
        return self.to_device([t.to(self.cache_dtype) for t in features.tensors])

    def to_store(self, features: Features) -> tuple[torch.Tensor, ...]:
        """The maps of `features` as they are kept, on the CPU."""
        return tuple(t.to("cpu", self.cache_dtype).contiguous() for t in features.tensors)

    def to_device(self, stored: Sequence[torch.Tensor]) -> Features:
        """Kept maps as the network takes them."""
        deep, fine, finer, colours = (t.to(self.device, self.dtype) for t in stored)
        return Features(deep, (fine, finer), colours)

    @contextmanager
    def keeping(self, cache: FeatureCache) -> Iterator[FeatureCache]:
        """While open, `features` are looked up and kept in `cache`; emptied at the end."""
        self._caches.append(cache)
        try:
            yield cache
        finally:
            self._caches.remove(cache)
            cache.close()

    def _encoded(self, pictures: Sequence[Pixels]) -> list[Features]:
        import torch

        found = self.network.encode(torch.cat([self._prepared(p) for p in pictures]))
        self.counters["image_encoder_passes"] += len(pictures)
        return found

    def _prepared(self, pixels: Pixels) -> torch.Tensor:
        """[1, 3, S, S]: stretched to the square that the network sees, normalised. Resized on the device."""
        import torch
        from torch.nn import functional

        picture = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device).permute(2, 0, 1)[None].float() / 255
        side = self.settings.image_size
        picture = functional.interpolate(
            picture, size=(side, side), mode="bilinear", align_corners=False, antialias=self.device.type != "mps"
        )
        mean, deviation = (picture.new_tensor(v).reshape(1, 3, 1, 1) for v in (MEAN, DEVIATION))
        return (picture - mean) / deviation
