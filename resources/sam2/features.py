"""Features of one video's frames: computed once, kept while there is room, made again from the video when there is not.

Newest frames lie in memory, older ones in files of a temporary folder, the oldest are dropped.
"""

from __future__ import annotations

import math
import tempfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resources.sam2.errors import ModelFailure
from resources.sam2.network import Features
from svg2_assets.scene.video import Frame, FrameSource, Pixels

if TYPE_CHECKING:
    import torch

    from resources.sam2.engine import Engine

MEGABYTE = 2**20
ON_DEVICE = 2  # frames whose features stay where they were computed


class FeatureCache:
    """Features by frame index. Bounded: `cache_megabytes` in memory, `spill_megabytes` in files.

    `chunk`: frames decoded at once for going backwards.
    """

    def __init__(self, engine: Engine, source: FrameSource, *, chunk: int = 8) -> None:
        self._engine, self._source, self._chunk = engine, source, chunk
        self._recent: OrderedDict[int, Features] = OrderedDict()
        self._kept: OrderedDict[int, tuple[torch.Tensor, ...]] = OrderedDict()
        self._files: OrderedDict[int, tuple[Path, int]] = OrderedDict()
        self._marks: dict[int, int] = {}  # frame → checksum of its pixels
        self._decoded: dict[int, Pixels] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._spilling = engine.settings.spill_megabytes > 0

    def fits(self, frame: Frame) -> bool:
        """Whether `frame` may be one of this video's: it has its size."""
        video = self._source.video
        return frame.pixels.shape[:2] == (video.height, video.width) and 0 <= frame.index < video.num_frames

    def of(self, frame: Frame) -> Features:
        """Features of `frame`, computed unless they are kept."""
        mark = _mark(frame.pixels)
        known = self._looked_up(frame.index) if self._marks.get(frame.index) == mark else None
        if known is not None:
            return known
        self._marks[frame.index] = mark
        return self._computed(frame.index, frame.pixels)

    def at(self, index: int) -> Features:
        """Features of the frame `index`; when they were dropped, it is decoded again with some frames before it.

        Raises `ModelFailure` when the video no longer has it.
        """
        known = self._looked_up(index)
        if known is not None:
            return known
        self._engine.counters["features_computed_again"] += 1
        pixels = self._pixels(index)
        self._marks[index] = _mark(pixels)
        return self._computed(index, pixels)

    @property
    def in_memory(self) -> int:
        """Bytes kept in memory."""
        return sum(_bytes(stored) for stored in self._kept.values())

    @property
    def in_files(self) -> int:
        """Bytes kept in files."""
        return sum(size for _, size in self._files.values())

    def close(self) -> None:
        """Forget everything and remove the files."""
        for held in (self._recent, self._kept, self._files, self._marks, self._decoded):
            held.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def _looked_up(self, index: int) -> Features | None:
        if index in self._recent:
            self._recent.move_to_end(index)
            return self._recent[index]
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._at_hand(index, self._engine.to_device(self._kept[index]))
        if index in self._files:
            return self._at_hand(index, self._engine.to_device(self._read(index)))
        return None

    def _computed(self, index: int, pixels: Pixels) -> Features:
        features = self._engine.encode([pixels])[0]
        self._drop(index)
        self._kept[index] = self._engine.to_store(features)
        self._make_room()
        return self._at_hand(index, self._engine.through_cache(features))

    def _at_hand(self, index: int, features: Features) -> Features:
        self._recent[index] = features
        self._recent.move_to_end(index)
        while len(self._recent) > ON_DEVICE:
            self._recent.popitem(last=False)
        return features

    def _drop(self, index: int) -> None:
        self._kept.pop(index, None)
        if index in self._files:
            self._files.pop(index)[0].unlink(missing_ok=True)

    def _make_room(self) -> None:
        while self._kept and self.in_memory > self._engine.settings.cache_megabytes * MEGABYTE:
            index, stored = self._kept.popitem(last=False)
            self._write(index, stored)

    def _write(self, index: int, stored: tuple[torch.Tensor, ...]) -> None:
        """To a file, the oldest of which make room. A disk that is full ends this: frames are then computed again."""
        size = _bytes(stored)
        limit = self._engine.settings.spill_megabytes * MEGABYTE
        if not self._spilling or size > limit:
            return
        while self._files and self.in_files + size > limit:
            self._files.popitem(last=False)[1][0].unlink(missing_ok=True)
        path = self._in_folder(index)
        try:
            np.save(path, _flat(stored), allow_pickle=False)
        except OSError:
            path.unlink(missing_ok=True)
            self._spilling = False
            return
        self._files[index] = (path, size)
        self._engine.counters["features_spilled"] += 1

    def _read(self, index: int) -> tuple[torch.Tensor, ...]:
        import torch

        flat = torch.from_numpy(np.load(self._files[index][0], allow_pickle=False)).view(self._engine.cache_dtype)
        shapes = self._shapes()
        parts = flat.split([math.prod(shape) for shape in shapes])
        return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))

    def _shapes(self) -> list[tuple[int, ...]]:
        """Of the four maps: given by the image size, with the channels of the network."""
        model, side = self._engine.network.model, self._engine.settings.image_size
        channels = model.hidden_dim
        return [
            (1, channels, side // 16, side // 16),
            (1, channels // 8, side // 4, side // 4),
            (1, channels // 4, side // 8, side // 8),
            (1, 3, side // 16, side // 16),
        ]

    def _in_folder(self, index: int) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="svg2-features-")
        return Path(self._folder.name) / f"{index:08d}.npy"

    def _pixels(self, index: int) -> Pixels:
        """Of a frame that goes by again; those just before it, which come next when going backwards, are held too."""
        if index not in self._decoded:
            wanted = range(max(0, index - self._chunk + 1), index + 1)
            self._decoded = {f.index: f.pixels for f in self._source.pick(wanted)}
        if index not in self._decoded:
            raise ModelFailure(
                video=self._source.video.id, expected=f"frame {index} to decode a second time", found="no such frame"
            )
        return self._decoded[index]


def _mark(pixels: Pixels) -> int:
    return zlib.crc32(np.ascontiguousarray(pixels).data)


def _bytes(stored: tuple[torch.Tensor, ...]) -> int:
    return sum(t.numel() * t.element_size() for t in stored)


def _flat(stored: tuple[torch.Tensor, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    """All maps in one array, as plain numbers of 16 bits: numpy knows no bfloat16."""
    import torch

    return np.asarray(torch.cat([t.flatten() for t in stored]).view(torch.int16).numpy(), dtype=np.int16)
