"""Where panoptic maps come from: a value that names its videos and gives their frames one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from svg2_assets.evaluation.harness.sources import Card
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.evaluation.public.records import Record
from svg2_assets.scene.errors import Svg2Error


class UnreadableFrame(Svg2Error, ValueError):
    """A frame, or all of a video, that cannot be had; the text names the file and says why."""


class Frames(Protocol):
    """The frames of one video. `keys`: what they can be told by (`image id`, `file name`) -> a key each, in order."""

    @property
    def keys(self) -> Mapping[str, Sequence[str]]:
        """Empty where frames are only counted."""
        ...

    @property
    def unknown(self) -> Sequence[str]:
        """Names of objects that are no category: their pixels are void."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def frame(self, place: int) -> Frame:
        """The map and records of one, by its place from 0. Raises `UnreadableFrame`."""
        ...


class PanopticSource(Protocol):
    """Videos by id. `images`: each is one image. `categories`: the records that the source lists, or none."""

    @property
    def name(self) -> str:
        """As it was asked for."""
        ...

    @property
    def images(self) -> bool:
        """Whether these are images, which have no time."""
        ...

    @property
    def categories(self) -> Sequence[Record]:
        """`{"id", "isthing", "name"}`, as the file has them."""
        ...

    @property
    def rejected(self) -> Mapping[str, str]:
        """What was given and is no video: place -> reason."""
        ...

    def cards(self) -> Mapping[str, Card]:
        """Video id -> card, in the order in which they are scored."""
        ...

    def open(self, video_id: str, categories: Sequence[Record]) -> Frames:
        """The frames of one of them, by `categories` where it has names alone. Raises `UnreadableFrame`."""
        ...
