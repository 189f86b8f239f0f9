"""Every number of the embedded relation rules, in one place.

Lengths are relative, so that no rule depends on the resolution: *sizes* (square root of the box's area), *heights* and
*widths* are those of the things in question. Speeds are own heights per second after the camera's motion is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Sampling:
    """The common time grid and the coarse pixel grid."""

    rate: float = 5.0  # samples a second
    rows: int = 144  # masks are looked at on at most this many rows
    still_camera: float = 0.10  # heights/s below which a thing counts as still under a fixed camera
    moving_camera: float = 0.25  # the same under a moving camera: parallax looks like motion


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How raw yes/no samples become spans that do not flicker."""

    window: float = 1.0  # seconds
    on: float = 0.7  # share of the window that switches a state on
    off: float = 0.3  # share of the window that switches it off
    shortest: float = 1.0  # seconds; a shorter span is dropped ...
    shortest_share: float = 0.4  # ... unless the shot is so short that this share of it is less
    sliver: float = 0.2  # seconds; pieces left by the cut to co-visibility that are dropped


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are in the image."""

    centre_shift: float = 0.5  # left of: centres apart by this share of the smaller width
    side_overlap: float = 0.10  # left of, above: extents overlap by less than this share of the smaller one
    side_reach: float = 3.0  # left of: farthest gap, mean sizes
    above_gap: float = 1.0  # above: widest horizontal gap, widths of the narrower thing
    above_slope: float = 0.6  # above: rise of the line between the centres over its run
    above_reach: float = 0.75  # above: farthest vertical gap, mean sizes
    moved: float = 0.3  # above, near: own heights of own path below which a thing was never moved
    near_gap: float = 0.35  # near: gap in mean sizes
    same_depth: float = 0.35  # feet of two standing things are this close (mean heights) when the depth is similar
    same_height: float = 0.6  # and their heights have at least this ratio when both are people
    contact_cells: float = 1.5  # masks closer than this many cells of the coarse grid meet


@dataclass(frozen=True, slots=True)
class Depth:
    """Who is in front, who touches, who is inside."""

    ring: float = 0.6  # in front of: share of the ring around a thing that the other one fills
    ring_width: float = 0.12  # of the thing's size
    smaller: float = 0.5  # in front of by its ring: area at most this share of the other's
    feet: float = 0.08  # in front of by its feet: lower by this share of the mean height
    feet_overlap: float = 0.10  # and overlapping sideways by this share of the narrower width
    hidden: float = 0.25  # in front of by what it hides: the other's loss of area
    whole: float = 0.1  # and its own at most
    like_size: float = 0.2  # between boxes whose areas have at least this ratio
    free_cells: int = 3  # cells before and after the meeting that show both whole
    free_time: float = 1.8  # seconds that these cells may span together: no long absence between
    touching_feet: float = 0.05  # touching: feet this close, mean heights
    border: float = 0.01  # of the frame: a box this close to the border is cut by it
    duplicate: float = 0.5  # IoU above which two trajectories show one thing
    part: float = 0.75  # containment above which one of two things of like size or one name is a piece of the other
    part_size: float = 0.4  # like size: smaller over larger area
    part_share: float = 0.5  # of their common time


@dataclass(frozen=True, slots=True)
class Support:
    """Inside, on, riding."""

    inside_width: float = 0.9  # inside: share of the subject's width within the container's
    inside_top: float = 0.05  # inside: its lower edge lies below the container's top by this share of the height
    inside_bottom: float = 0.15  # and above its bottom by this share
    inside_area: float = 0.6  # inside: area at most this share of the container's
    rest: float = 0.10  # on, inside: relative speed below this (heights of the smaller/s)
    on_width: float = 0.6  # on: share of the subject's width over the support
    on_bottom: float = 0.10  # on: the lower edge stays this share of the support's height above its lower edge
    seat_animal: float = 0.20  # riding: the rider's lower edge lies above the mount's by this share of its height
    seat_cycle: float = 0.06
    ride_together: float = 0.5  # riding: relative speed over the mount's speed
    ride_share: float = 0.7  # of the moving samples that move together


@dataclass(frozen=True, slots=True)
class Kinetics:
    """Motion of one thing relative to another or to the camera."""

    speed: float = 0.25  # heights/s that count as moving
    towards: float = 0.7  # approaching: cosine between own motion and the direction to the other
    closing: float = 0.15  # approaching: change of distance, heights/s
    net_change: float = 0.7  # approaching: change of distance over a span, mean heights
    clear_gap: float = 0.2  # approaching: gap in mean sizes below which nothing is approached any more
    reach: float = 4.0  # approaching: farthest distance, mean heights
    heading: float = 0.9  # following, moving together: cosine between the two motions
    follow_ahead: float = 0.6  # following: the leader is ahead by this, mean heights
    follow_aside: float = 0.35  # following: and aside by no more than this, mean heights
    follow_reach: float = 2.5  # following: farthest lead, mean heights
    together_gap: float = 0.6  # moving together: widest gap, mean sizes
    together_speed: float = 0.35  # following, moving together: difference of speeds over the faster one
    long: float = 2.0  # seconds that following and moving together last at least
    long_share: float = 0.6  # of a shot that is shorter
    growth: float = 0.15  # approaching the camera: growth of width and height, e-folds/s
    growth_total: float = 0.25  # and over the span, e-folds
    crossing: float = 0.25  # entering, leaving: heights/s across the frame's border
    crossing_longest: float = 2.0  # seconds that an entrance or exit lasts at most
    crossing_shortest: float = 0.3


@dataclass(frozen=True, slots=True)
class Manipulation:
    """Holding, carrying, kicking."""

    largest: float = 0.6  # a held thing's area over the person's
    contact_least: float = 0.3  # share of the common time in contact
    blink: float = 0.5  # seconds without contact that do not end it
    path: float = 0.3  # own heights that a thing must have been moved
    fastest: float = 1.5  # heights/s; faster things fly
    rows: int = 240  # frame height for optical flow
    bleed: int = 3  # pixels at that height around a thing whose flow is the thing's, whoever owns them
    ring: float = 0.25  # width of the ring beyond them, of the thing's size
    least_side: float = 6.0  # smaller things are not looked at, pixels at that height
    least_ring: int = 12  # pixels of the person that the ring must hold
    pixels: float = 0.5  # flow (pixels at that height between two looked-at frames) below which nothing moved
    step: float = 0.2  # longest time between the two frames of a look, seconds
    travel: float = 4.0  # pixels that the thing should travel between them
    follow: float = 0.4  # flow of the ring agrees within this share of the thing's motion
    with_thing: float = 0.25  # share of the person's pixels around the thing that move with it: the hand and wrist
    agreement: float = 0.45  # share of moving looks in which they do
    looks: int = 3  # moving looks that are needed
    release: float = 0.5  # share of those pixels that move while the thing rests: it is let go
    lead: float = 1.0  # seconds before the first moving look that are already counted
    ball_size: float = 0.35  # kicking: an unnamed thing's height over the person's
    ball_aspect: float = 0.75  # narrow side over wide side of a round thing
    ball_fill: tuple[float, float] = (0.68, 0.9)  # mask over box: pi/4 for a disc
    impact_rise: float = 0.5  # own heights that it rises after an impact, and fell before
    impact_aside: float = 0.35  # person's widths beside the person
    impact_band: tuple[float, float] = (0.4, 0.97)  # heights of the person, from the top
    impacts: int = 2  # one reversal may be chance
    watched_impacts: int = 4  # looking at: a ball that is kept up this often in a row is watched
    impact_gap: float = 2.5  # seconds between impacts of one span
    impact_margin: float = 0.5  # seconds before and after


@dataclass(frozen=True, slots=True)
class Clutter:
    """How many of the true statements are worth storing."""

    floor: float = 0.3  # confidence below which nothing is said
    layout_partners: int = 2  # left of, above, near, overlapping: statements a thing and predicate
    motion_partners: int = 2  # approaching, moving away, following, moving together: the same
    per_object: int = 6  # pairwise layout statements a thing in all


def _base_confidence() -> Mapping[str, float]:
    return MappingProxyType(
        {
            "left of": 0.95,
            "above": 0.85,
            "near": 0.75,
            "overlapping": 0.9,
            "touching": 0.45,
            "in front of": 0.75,
            "inside": 0.5,
            "on": 0.65,
            "riding": 0.85,
            "approaching": 0.65,
            "moving away from": 0.65,
            "following": 0.55,
            "moving together with": 0.65,
            "holding": 0.6,
            "carrying": 0.6,
            "kicking": 0.75,
            "looking at": 0.55,
            "entering": 0.85,
            "leaving": 0.85,
        }
    )


_PARTS: Mapping[str, Callable[..., object]] = {
    "sampling": Sampling,
    "hysteresis": Hysteresis,
    "layout": Layout,
    "depth": Depth,
    "support": Support,
    "kinetics": Kinetics,
    "manipulation": Manipulation,
    "clutter": Clutter,
}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """All of the above. `base_confidence` is each rule's share of right claims, see docs/relations.md.

    Parts may be given as mappings of what differs, as they come from a settings file: `{"clutter": {"floor": 0.5}}`.
    """

    sampling: Sampling = Sampling()
    hysteresis: Hysteresis = Hysteresis()
    layout: Layout = Layout()
    depth: Depth = Depth()
    support: Support = Support()
    kinetics: Kinetics = Kinetics()
    manipulation: Manipulation = Manipulation()
    clutter: Clutter = Clutter()
    base_confidence: Mapping[str, float] = field(default_factory=_base_confidence)

    def __post_init__(self) -> None:
        for part in fields(self):
            given = getattr(self, part.name)
            if part.name == "base_confidence":
                object.__setattr__(self, part.name, MappingProxyType({**_base_confidence(), **given}))
            elif isinstance(given, Mapping):
                object.__setattr__(self, part.name, _PARTS[part.name](**given))
