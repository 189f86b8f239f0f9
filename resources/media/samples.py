"""Videos of training samples that hold no pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from resources.media.location import MediaLibrary
from resources.media.reader import VideoReader
from svg2_assets.scene.video import FrameSource, Video


@dataclass(frozen=True, slots=True)
class SampledVideos:
    """Opens samples' videos by their URI; what has to be downloaded lies under `cache`. Travels to other processes."""

    cache: Path

    def open(self, video: Video) -> FrameSource:
        """The frames of `video`. Raises `VideoError`; what the file no longer holds, reading tells."""
        return VideoReader(video, MediaLibrary(self.cache).local(video.uri))
