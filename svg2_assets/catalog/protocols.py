"""What the asset `videos` needs of whoever can open files: their identity and what is inside."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from svg2_assets.scene.video import Video


class Clock(StrEnum):
    """How frames are placed in time."""

    CONSTANT = "constant"
    VARIABLE = "variable"
    NOMINAL = "nominal"
    """The file's timestamps are missing or contradict each other: frames stand at i / (declared rate)."""


@dataclass(frozen=True, slots=True)
class ProbedVideo:
    """A video that decoded from its first frame to its last.

    `rotation` is the clockwise turn in degrees that showing it applies (0, 90, 180, 270), `mirrored` whether it is
    mirrored as well; `video` has the size after both. `sample_aspect` is width over height of one pixel, recorded and
    not applied. `resized_frames` counts frames stored in another size than the first; readers scale them.
    """

    video: Video
    size_bytes: int
    container: str
    codec: str
    pixel_format: str
    rotation: int
    mirrored: bool
    sample_aspect: float
    clock: Clock
    has_audio: bool
    resized_frames: int = 0


class Prober(Protocol):
    """Opens what a URI names."""

    def content_hash(self, uri: str) -> str:
        """SHA-256 (hex) of the content. Raises `VideoError` where it cannot be read."""
        ...

    def probe(self, uri: str) -> ProbedVideo:
        """Decodes the whole video. Raises `VideoError` where it is not one or does not decode."""
        ...
