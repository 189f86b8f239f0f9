"""How crowded, how hidden and how shaky a synthetic clip is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.errors import InvalidSceneValue


class Difficulty(StrEnum):
    """Three presets of `WorldSettings`."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """What a clip holds. Counts are a shot; shares and chances lie in 0..1; times in seconds, sizes in pixels."""

    difficulty: Difficulty = Difficulty.MEDIUM
    width: int = 192
    height: int = 144
    fps: float = 12.0
    seconds: float = 6.0
    stories: int = 2  # scripted scenarios
    things: int = 8  # fillers are added until there are so many level-1 things
    parts_share: float = 0.5  # of the fillers that have visible parts
    small_share: float = 0.2  # of the fillers that are a few pixels high
    late_share: float = 0.25  # of the fillers that come into view in the middle of the shot
    crossing_share: float = 0.4  # of the fillers that enter, leave or do both
    occluders: int = 1  # posts, fences, hedges in front of the others
    containers: int = 1  # with something that comes out or goes in
    lookalikes: int = 1  # pairs of the same texture, colour and shape that cross
    cut_chance: float = 0.5  # that the clip is cut at all
    most_cuts: int = 1
    reappear_share: float = 0.5  # of the things of the first shot that are seen again in a later one
    camera_chance: float = 0.6  # that a shot's camera pans, zooms or tracks
    shake: float = 0.0  # of the frame's height, standard deviation
    contrast: float = 0.3  # of the patterns
    camouflage: float = 0.25  # chance that a thing takes a colour of its background
    noise: float = 3.0  # of 255, standard deviation of the grain
    lighting: float = 0.05  # amplitude of the slow change of brightness

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 16 or self.fps <= 0 or self.frames < 2:
            raise InvalidSceneValue("a synthetic clip needs at least 16x16 pixels, a frame rate and two frames")

    @classmethod
    def of(cls, difficulty: Difficulty, **overrides: Any) -> WorldSettings:
        """The preset of `difficulty` with `overrides` by field name."""
        return replace(cls(difficulty=difficulty, **PRESETS[difficulty]), **overrides)

    @property
    def frames(self) -> int:
        """How many frames a clip has."""
        return round(self.seconds * self.fps)

    @property
    def aspect(self) -> float:
        """Width over height: the world is measured in frame heights."""
        return self.width / self.height


PRESETS: MappingProxyType[Difficulty, dict[str, Any]] = MappingProxyType(
    {
        Difficulty.EASY: {
            "stories": 1,
            "things": 5,
            "parts_share": 0.4,
            "small_share": 0.05,
            "late_share": 0.1,
            "crossing_share": 0.3,
            "occluders": 0,
            "containers": 0,
            "lookalikes": 0,
            "cut_chance": 0.15,
            "camera_chance": 0.2,
            "contrast": 0.15,
            "camouflage": 0.0,
            "noise": 1.5,
            "lighting": 0.02,
        },
        Difficulty.MEDIUM: {},
        Difficulty.HARD: {
            "stories": 2,
            "things": 12,
            "parts_share": 0.6,
            "small_share": 0.35,
            "late_share": 0.4,
            "crossing_share": 0.5,
            "occluders": 2,
            "containers": 1,
            "lookalikes": 2,
            "cut_chance": 0.75,
            "most_cuts": 2,
            "camera_chance": 0.85,
            "shake": 0.006,
            "contrast": 0.5,
            "camouflage": 0.6,
            "noise": 6.0,
            "lighting": 0.12,
        },
    }
)
