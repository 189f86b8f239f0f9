"""Every number of the embedded tracker, in one typed place. Lengths are relative or in seconds unless said."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from svg2_assets.trajectories.panoptic.settings import CleanupSettings, RelinkSettings


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """Working size and dense flow."""

    work_rows: int = 720  # frames larger than this (shorter side) are decoded smaller
    flow_rows: int = 240  # shorter side of the image that flow runs on
    flow_longest: int = 480  # cap of its longer side
    finest_scale: int = 1  # DIS matches down to this many halvings of that image: the size at which flow is kept
    iterations: int = 16  # of DIS's search for each patch
    least_side: int = 24  # below this the flow is taken as zero: DIS has no coarse level left
    camera_grid: int = 8  # pixels of the flow field between the points of the camera estimate
    fixed_share: float = 0.9  # share of steps that must be still for a camera to count as fixed
    fixed_motion: float = 0.0015  # of the frame's diagonal a step: below this a step is still


@dataclass(frozen=True, slots=True)
class CutSettings:
    """A hard cut needs all: new colours, pixels that flow cannot explain, and light cannot explain either."""

    histogram: float = 0.45  # Bhattacharyya distance of HSV histograms
    residual: float = 12.0  # mean grey levels left after warping
    likeness: float = 0.9  # correlation of grey after warping: above, only the light has changed
    flash_seconds: float = 0.25  # what looks as before again within this was a flash


@dataclass(frozen=True, slots=True)
class OccluderSettings:
    """Thin things that rest before a moving picture. Grey levels, shares of the frame's shorter side."""

    settle_frames: int = 8  # of a shot before anything counts as resting
    every: int = 4  # frames between two searches
    memory: float = 0.93  # of the strongest change of a pixel, a frame
    rest: float = 5.0  # change below which a pixel rests: the coder's noise
    contrast: float = 6.0  # change beside it, above its own
    widest: float = 0.06
    longest: float = 0.25  # length of a part from which it counts
    least_share: float = 0.012  # of the frame that all must cover: less is chance


@dataclass(frozen=True, slots=True)
class DetectionSettings:
    """How often to look and what counts as a box."""

    rate: float = 8.0  # looks per second of video
    second_every: int = 4  # every so many looks is the second detector's
    second_gain: float = 1.15  # its scores run lower
    keep: float = 0.22  # score that keeps a track alive
    open: float = 0.40  # score that opens one
    open_weak: float = 0.28  # score that opens one which must show by its motion that it is a thing
    merge_iou: float = 0.6  # boxes of any class that overlap this much are one
    agree_iou: float = 0.5  # overlap at which the second detector sees the same thing
    agree_bonus: float = 0.1  # score gained by a box on which both agree
    most: int = 60  # boxes kept a look


@dataclass(frozen=True, slots=True)
class TileSettings:
    """Closer looks beside those at the whole frame."""

    zoom: float = 1.75  # of a tile against the whole frame
    idle_every: int = 12  # looks of the first detector between closer ones while they do not pay
    pays: float = 0.6  # of news to what the whole frame shows surely, from which on closer looks are taken every time
    largest: float = 0.5  # of a tile's side: what is larger the whole frame shows as well
    rim: float = 0.01  # of a tile's side: a box this close to its inner edge is cut off
    same_iou: float = 0.5  # overlap at which both looks see the same thing
    part_inside: float = 0.7  # share of a box inside a larger one that makes it its part
    part_ratio: float = 1.5  # of the areas


@dataclass(frozen=True, slots=True)
class AssociationSettings:
    """Box to track."""

    least_iou: float = 0.2
    weak_iou: float = 0.3  # for boxes under `open`
    misplaced: float = 0.4  # IoU by which a weak box must overlap better than a sure one to be the thing's
    class_weight: float = 0.2  # of the cosine of class vectors beside IoU
    colour_weight: float = 0.4  # of the likeness of colours beside IoU
    velocity_memory: float = 0.5  # weight of the past in the velocity of a track
    whole_share: float = 0.8  # of its usual size: a smaller box is half hidden and says nothing about velocity
    size_memory: float = 0.9
    inertia_looks: int = 2  # missed in a row before a track may be where its velocity takes it
    takeover_colour: float = 0.6  # likeness of colours needed
    border: float = 0.02  # of the frame's side: what ended this close to it has left
    hits_to_confirm: int = 3
    weak_hits_to_confirm: int = 5  # of one that was opened weakly
    weak_travel: float = 0.3  # own sizes away from where the camera alone would have taken it
    comparable: float = 2.5  # times its size (square root of area): what is larger lies behind it
    parallax: float = 0.3  # share of the camera's way that may be depth instead of own motion
    weak_inside_share: float = 0.5  # a weak box this far inside any live track opens nothing
    lost_seconds: float = 1.0
    begin_looks: int = 4  # before its opening in which weak boxes at its place are its beginning
    begin_iou: float = 0.5
    begin_misses: int = 1  # looks in a row among them that may have seen nothing
    tentative_seconds: float = 0.4  # an unconfirmed track ends after this without a box
    inside_share: float = 0.8  # a box this far inside a live track of its class opens nothing
    smoothing: float = 0.7  # weight of a new box against the one carried by flow
    jump_lengths: float = 3.0  # a fast thing may jump this many own sizes in a look
    jump_speed: float = 0.6  # own sizes a look before it counts as fast
    jump_likeness: float = 0.6  # cosine of class vectors with what it jumps to
    twin_iou: float = 0.6  # two live tracks of one class that overlap this much are one object
    twin_looks: int = 4
    takeover_seconds: float = 2.0
    takeover_distance: float = 1.5  # own sizes between death and new birth
    takeover: RelinkSettings = field(default_factory=lambda: RelinkSettings(least=0.6))
    # Across a cut place says nothing, and people in one scene look alike to the embedder: only a clear margin tells.
    reappearance: RelinkSettings = field(default_factory=lambda: RelinkSettings(least=0.75, margin=0.1))
    most_tracks: int = 500  # at a time; beyond, the least salient boxes open none and are counted
    slip_score: float = 0.4  # weak and still this long on a fixed camera: slipped to the furniture
    slip_seconds: float = 1.0
    slip_side: float = 0.2  # of the frame's shorter side: what is larger slips only if it became weaker
    slip_drop: float = 0.6  # than this share of its earlier scores ...
    slip_history: int = 8  # ... of which there must be this many
    slip_motion: float = 0.03  # own sizes a second that count as still


@dataclass(frozen=True, slots=True)
class MaskSettings:
    """Box to mask, and how a mask lives between two segmentations."""

    large_size: int = 224  # input pixels for large objects
    small_size: int = 160  # input pixels for small ones
    tiny_size: int = 128  # input pixels for tiny ones
    tiny_side: float = 74.0  # pixels of a box's longer side up to which it is tiny: more input shows no more of it
    small_side: float = 0.22  # square root of the box area against the frame's shorter side
    large_margin: float = 0.15
    small_margin: float = 0.15
    tiny_window: float = 100.0  # pixels that the crop of a tiny thing should have: context costs no more input there
    tiny_margin: tuple[float, float] = (0.3, 0.7)  # least and most margin for that
    retry_margin: float = 0.5  # of a small crop after one that came back nearly empty
    box_slack: float = 0.10  # pixels further outside the box than this are not the object's
    threshold: float = 0.5
    least_fill: float = 0.15  # a mask that fills less of its box is rejected
    least_part: float = 0.05  # parts smaller than this share of the largest are dropped
    budget: float = 700.0  # milliseconds of the cost model a video-second
    burst: float = 2.0  # video-seconds of budget that may be saved up
    large_cost: float = 200.0  # milliseconds of the cost model for a large crop
    small_cost: float = 140.0
    tiny_cost: float = 95.0
    size_power: float = 1.5  # of relative size in the priority
    unrest_gain: float = 3.0  # of non-rigid motion (own sizes) in the priority
    age_gain: float = 0.15  # of seconds since the last mask
    still_unrest: float = 0.005  # non-rigid motion since the last mask, in own sizes, below which a thing is still
    still_seconds: float = 1.5  # a still thing is segmented no more often than this
    longest_gap: float = 1.2  # seconds of flow kept for warping from both sides
    trust_flow_seconds: float = 0.25  # up to here from the key, flow alone says where the mask goes
    trust_box_seconds: float = 1.2  # from here on the box says as much as `box_weight`
    box_weight: float = 0.7
    shared_side: float = 0.35  # a box of this share of a crop's side takes its mask from the crop too
    shared_fill: float = 0.3  # if the mask fills that much of it
    sure_start: float = 0.5  # score at the start of a shot that is segmented at once
    patience_looks: int = 3  # looks until a crop's result is used: time for it to be computed beside them
    rest_seconds: float = 1.0  # after two rejected crops in a row
    fill_seconds: float = 0.6  # detector misses shorter than this are filled
    grid: int = 160  # longest side of the grid a mask is warped on
    shapeless: tuple[str, ...] = ("dining table", "bed")  # saliency returns what stands on them


@dataclass(frozen=True, slots=True)
class GroupSettings:
    """A rider and what carries it show as one foreground: they share crops and carry a trajectory of their union."""

    # Among other pairs (a hand and a cup, a man and a table) the union is no thing of its own.
    riders: tuple[str, ...] = ("person",)
    carriers: tuple[str, ...] = ("horse", "cow", "elephant", "bicycle", "motorcycle", "skateboard", "surfboard")
    overlap: float = 0.4  # of the smaller box inside the larger one
    least_ratio: float = 0.08  # of the areas of the two boxes
    looks: int = 3  # in a row before they are a group
    least_seconds: float = 1.0  # a union shorter than this is a chance meeting


@dataclass(frozen=True, slots=True)
class SalienceSettings:
    """The foreground that no trajectory explains."""

    first_seconds: float = 0.5  # into a shot until the first look at the whole frame
    again_seconds: float = 0.5  # until the next one when something was unexplained
    lonely_seconds: float = 1.0  # between looks while nothing is tracked
    calm_seconds: float = 4.0  # when nothing was
    most_tracks: int = 6  # with more tracks than this the whole frame says nothing
    explained: float = 0.6  # share of a region inside boxes of tracks above which it is known
    least_area: float = 0.01  # of the frame
    most_area: float = 0.7
    sure: float = 0.8  # mean probability inside the region
    same_iou: float = 0.4  # of a region with the one seen before
    looks: int = 2  # that must agree before a region becomes a trajectory
    merge_iou: float = 0.5  # with the box of a detected track: then it has got its own
    refusals: int = 2  # nearly empty crops in a row that end it


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """Which tracks are worth keeping."""

    least_seconds: float = 0.4
    mean_score: float = 0.45
    peak_score: float = 0.6
    moving_score: float = 0.27  # enough for what moves by itself
    moving_travel: float = 0.5  # own sizes
    moving_hits: int = 5
    second_share: float = 0.5  # of the second detector's looks, when it saw the box at least `second_seen` times
    second_seen: int = 2
    second_score: float = 0.3  # mean score below which the second detector alone is no witness
    contained: float = 0.8  # share of a smaller track inside a larger one that gives it the pixels
    contained_size: float = 0.5  # area ratio up to which it is the smaller one


@dataclass(frozen=True, slots=True)
class RepeatSettings:
    """One thing under two ids."""

    doubtful: float = 0.45  # mean score below which a track may show what a surer one of its class shows
    inside: float = 0.5  # share of its mask in the other's
    life: float = 0.7  # of its frames on which that holds
    comparable: float = 0.5  # ratio of areas; what is smaller must be `faint`
    faint: float = 0.3  # mean score
    handover_seconds: float = 1.0  # for which a track may have lain on the one that it goes on for
    handover_iou: float = 0.5  # of both on each of those frames
    handover_likeness: float = 0.8  # cosine of class scores


@dataclass(frozen=True, slots=True)
class ClassifySettings:
    """Looks of the image classifier."""

    looks: int = 4  # a track
    every_seconds: float = 1.0
    names: int = 8  # kept of a thousand
    least_share: float = 0.004  # of the frame's area: smaller crops say nothing


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """All settings of the embedded tracker; the hash of `as_dict` decides freshness."""

    flow: FlowSettings = field(default_factory=FlowSettings)
    cuts: CutSettings = field(default_factory=CutSettings)
    occluders: OccluderSettings = field(default_factory=OccluderSettings)
    detection: DetectionSettings = field(default_factory=DetectionSettings)
    tiles: TileSettings = field(default_factory=TileSettings)
    association: AssociationSettings = field(default_factory=AssociationSettings)
    masks: MaskSettings = field(default_factory=MaskSettings)
    salience: SalienceSettings = field(default_factory=SalienceSettings)
    classify: ClassifySettings = field(default_factory=ClassifySettings)
    groups: GroupSettings = field(default_factory=GroupSettings)
    export: ExportSettings = field(default_factory=ExportSettings)
    repeats: RepeatSettings = field(default_factory=RepeatSettings)
    cleanup: CleanupSettings = field(default_factory=CleanupSettings)

    def as_dict(self) -> dict[str, Any]:
        """Nested plain values."""
        return asdict(self)
