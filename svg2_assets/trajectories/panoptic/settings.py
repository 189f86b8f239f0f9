"""Every number of panoptic tracking, and the presets `default`, `paper` and `release`.

Areas are shares of the frame and times are seconds, so that a setting means the same at every size and rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from svg2_assets.scene.errors import InvalidSceneValue


class Preset(StrEnum):
    """Which rules find, follow and clean objects.

    `default`: ours. `release`: what the released code of Synthetic Visual Genome 2 does. `paper`: the same with the
    paper's trigger for new objects (arXiv 2602.23543, Eqs. 6-14).
    """

    DEFAULT = "default"
    PAPER = "paper"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """How much of a video the tracker sees."""

    rate: float = 12.0
    """frames a second; every n-th is shown to it so that no fewer are, the masks between are carried by optical flow"""

    def stride(self, fps: float) -> int:
        """Frames from one that is tracked to the next."""
        return max(1, int(fps / self.rate))


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """When frames are segmented. A check costs one look at the whole frame, a thorough one looks at crops too."""

    every: float = 1.0
    thorough_every: float = 4.0
    soonest: float = 0.2
    """least time between a check and one that an event asks for"""
    growth: float = 0.02
    """of the frame: so much more untracked area than at the last check is an event"""
    lost_presence: float = 0.5
    """an object that falls below is an event"""


@dataclass(frozen=True, slots=True)
class RelinkSettings:
    """When a new object is one that was lost. Appearances are compared by their dot product."""

    least: float = 0.92
    margin: float = 0.02
    """a new object this much like one that was lost, and less like all others by the margin, is that one"""
    here: float = 0.3
    least_here: float = 0.75
    """the same where it covers the last mask by an IoU of `here` and looks this much like it"""


@dataclass(frozen=True, slots=True)
class DiscoverySettings:
    """What makes a proposal a new object."""

    least_area: float = 1e-4
    least_pixels: int = 12
    same_iou: float = 0.6
    """IoU with a tracked mask from which a proposal is that object"""
    drifted_iou: float = 0.35
    """the same where it also looks like that object"""
    alike: float = 0.9
    """dot product of appearances from which two things look the same"""
    confirmations: int = 1
    """further checks at which a new object must be found again"""
    chances: int = 4
    """checks it has for that"""
    same_extent: float = 0.65
    """ratio of areas from which a proposal confirms the object that it is"""
    support: float = 0.35
    """share of `support_looks` or more checks at which an object must have been found: pieces are found now and then"""
    support_looks: int = 4
    sure_score: float = 0.75
    """quality that a tracker must claim throughout for an object whose shot ends before its next check"""
    relink: RelinkSettings = field(default_factory=RelinkSettings)
    twin_iou: float = 0.8
    """two objects that cover each other at as many checks as `twin_checks` are one"""
    twin_checks: int = 2
    most_objects: int = 500
    """followed at a time; beyond, the least salient are left out and counted"""


@dataclass(frozen=True, slots=True)
class GateSettings:
    """When a mask counts. Presence is the tracker's own; appearance is compared with that at registration."""

    presence: float = 0.5
    retrace_presence: float = 0.6
    retrace_appearance: float = 0.75
    retrace_misses: int = 3
    """frames in a row without a mask that counts at which going back ends"""
    retrace_seconds: float = 8.0
    """furthest that an object is followed back"""
    taken_iou: float = 0.7
    """IoU with an object that is known there at which going back ends: that one is seen, not this"""
    leak_growth: float = 1.4
    """times its usual area: a mask larger than that is asked whom it has taken in"""
    leak_holds: float = 0.7
    """share of another object in a mask that has taken it in"""
    steady: float = 0.8
    """IoU with what the masks before and after say of it, under which they are believed and not the mask"""
    lost_seconds: float = 0.1
    """unseen for so long, an object may be found again as a new one and linked"""


@dataclass(frozen=True, slots=True)
class CleanupSettings:
    """Which trajectories are handed on."""

    fill_seconds: float = 0.6
    """longest time unseen that is filled where the masks before and after cover each other by `fill_iou`"""
    fill_iou: float = 0.6
    fill_left: float = 0.5
    """of the mask that nobody else covers meanwhile"""
    mutual: float = 0.8
    """share of either mask inside the other from which two masks are one thing"""
    share: float = 0.7
    """of common frames for which that must hold"""
    duplicate_life: float = 0.5
    """of the shorter trajectory that must be common"""
    inside: float = 0.8
    """share of a part's mask that lies in its whole"""
    part_size: float = 0.9
    """largest area of a part against its whole"""
    part_life: float = 0.7
    """of a part's frames on which its whole shows and holds it"""
    least_area: float = 5e-5
    least_pixels: int = 8
    least_seconds: float = 0.25


@dataclass(frozen=True, slots=True)
class ReleaseSettings:
    """The released code's values (configuration `run_full.yaml`); frames, pixels and ratios as there."""

    sample_rate: int = 20
    most_covered: float = 0.9
    most_objects: int = 65
    least_untracked: float = 0.05
    match_containment: float = 0.9
    new_share: float = 0.1
    contain_ratio: float = 0.9
    coverage_share: float = 0.7
    min_overlap_frames: int = 5
    opening: int = 3
    min_area: int = 32


@dataclass(frozen=True, slots=True)
class PanopticSettings:
    """All of it. The other groups are read by the preset that they are named for."""

    preset: Preset = Preset.DEFAULT
    pace: PaceSettings = field(default_factory=PaceSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    discovery: DiscoverySettings = field(default_factory=DiscoverySettings)
    gates: GateSettings = field(default_factory=GateSettings)
    cleanup: CleanupSettings = field(default_factory=CleanupSettings)
    release: ReleaseSettings = field(default_factory=ReleaseSettings)

    def __post_init__(self) -> None:
        """Settings from the environment are text. Raises `InvalidSceneValue` naming the presets there are."""
        try:
            object.__setattr__(self, "preset", Preset(self.preset))
        except ValueError as error:
            raise InvalidSceneValue(f"preset {self.preset!r}: there are {', '.join(Preset)}") from error
