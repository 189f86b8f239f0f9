"""`MaskTracker` by SAM 2.1: sessions that hold a few frames of memory per object, however long the video."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from resources.device_memory import free_device_memory
from resources.sam2.engine import Engine
from resources.sam2.features import FeatureCache
from resources.sam2.session import Sam2Session
from resources.sam2.settings import FollowSettings
from svg2_assets.scene.video import FrameSource

VERSION = "1"  # of the algorithm: raise it when the same settings give other masks


class Sam2MaskTracker:
    """Follows masks with `engine`, which a `Sam2Segmenter` may share: then a frame is encoded once for both."""

    def __init__(self, engine: Engine | None = None, settings: FollowSettings | None = None) -> None:
        self._engine = engine or Engine()
        self._settings = settings or FollowSettings()

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a file that is not there."""
        return self._engine.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return {"version": VERSION, **self._engine.settings.identity, **self._settings.identity}

    @contextmanager
    def session(self, source: FrameSource) -> Iterator[Sam2Session]:
        """Begin with one video. Raises `ModelsMissing` and `CheckpointError` when the model cannot be loaded.

        Masks are spoken of at the video's size. The session's memory and files are freed when it is left.
        """
        cache = FeatureCache(self._engine, source, chunk=self._settings.retrace_chunk)
        try:
            with self._engine.keeping(cache):
                yield Sam2Session(self._engine, cache, source.video, self._settings)
        finally:
            free_device_memory()
