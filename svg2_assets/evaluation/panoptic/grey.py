"""VIPSeg's own masks, as released: a folder of grey PNG a video, whose values say category and instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from svg2_assets.evaluation.harness.sources import Card, UnusableGraphs
from svg2_assets.evaluation.panoptic.sources import Frames, UnreadableFrame
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import Record
from svg2_assets.evaluation.public.vipseg import frame_of_panomask
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.vipseg.pictures import NoPicture, read_picture


@dataclass(frozen=True, slots=True)
class GreyFrames:
    """The pictures of one video in order of their names."""

    paths: Sequence[Path]
    unknown: Sequence[str] = ()

    @property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """By the stem of the picture's name."""
        return {"file name": [p.stem for p in self.paths]}

    def __len__(self) -> int:
        return len(self.paths)

    def frame(self, place: int) -> Frame:
        """The picture; its values are the ids. Raises `UnreadableFrame`."""
        path = self.paths[place]
        try:
            return frame_of_panomask(read_picture(path, grey=True))
        except (NoPicture, OSError) as error:
            raise UnreadableFrame(f"{printable(str(path))}: {printable(str(error))}.") from error


@dataclass(frozen=True, slots=True)
class GreyPictures:
    """`folder` holds a folder a video. Raises `UnusableGraphs` where it holds none."""

    name: str
    folder: Path
    categories: Sequence[Record]
    images: bool = False
    rejected: Mapping[str, str] = field(default_factory=dict)
    videos: dict[str, list[Path]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        there = (p for p in files_below(self.folder, r".*\.png") if p.parent.parent == self.folder)
        self.videos.update({folder.name: list(paths) for folder, paths in groupby(there, lambda p: p.parent)})
        if not self.videos:
            raise UnusableGraphs(f"{printable(str(self.folder))}: expected a folder of PNG files a video, found none.")

    def cards(self) -> Mapping[str, Card]:
        """In order of the folders' names."""
        return {v: Card.of(v) for v in self.videos}

    def open(self, video_id: str, categories: Sequence[Record]) -> Frames:
        """The frames; numbers of categories are those of the data set's list."""
        del categories
        return GreyFrames(self.videos[video_id])
