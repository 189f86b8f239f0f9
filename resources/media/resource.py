"""The `media` resource: from a registered video to a stream of its frames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from resources.media.glance import glance_file
from resources.media.location import MediaLibrary
from resources.media.prober import LibraryProber
from resources.media.reader import VideoReader
from svg2_assets.catalog.lookup import Tables
from svg2_assets.catalog.protocols import Prober
from svg2_assets.scene.video import FrameSource, Video
from svg2_assets.scene_graphs.stored import read_video


@dataclass(frozen=True, slots=True)
class SampleVideos:
    """Frames of the videos that training samples name; a `traser.samples.examples.FrameLibrary`."""

    library: MediaLibrary

    def open(self, video: Video) -> FrameSource:
        """The frames of `video`, found by its `uri`. Raises `VideoError` when they are read and cannot be."""
        return VideoReader(video, self.library.local(video.uri))


class MediaResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Opens videos by id. `cache` is the folder for what has to be downloaded first."""

    cache: str

    def library(self) -> MediaLibrary:
        """Turns URIs into local files."""
        return MediaLibrary(Path(self.cache))

    def prober(self) -> Prober:
        """Says what a URI names."""
        return LibraryProber(self.library())

    def frames_of_samples(self) -> SampleVideos:
        """Opens the videos of training samples that hold no pictures."""
        return SampleVideos(self.library())

    def glance(self, uri: str) -> Video:
        """What the headers of the file say that `uri` names, which need not be in the catalog. Raises `VideoError`."""
        return glance_file(self.library().local(uri), uri=uri)

    def source(self, tables: Tables, video_id: str) -> FrameSource:
        """The frames of a video that the catalog holds as decodable. Raises `VideoError` or `PhaseError`."""
        video = read_video(tables, video_id)
        return VideoReader(video, self.library().local(video.uri))
