"""Settings of the SAM 2 backend. Paper and code of SVG2 agree on the thresholds; where they differ it is said."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from svg2_assets.scene.errors import UnusableBackend

SIZES = ("tiny", "small", "base-plus", "large")
DEVICES = ("auto", "cuda", "mps", "cpu")
DTYPES = ("auto", "float32", "bfloat16")
STRIDE = 16  # of the deepest feature map, in pixels of the network's input


class UnusableSetting(UnusableBackend, ValueError):
    """A setting with a value it cannot have: names the setting and what it takes."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, where it runs and how much of a video's features it keeps.

    `checkpoint`: Hub id or path of a released `.pt` file. `size`: one of `SIZES`; empty reads it off the checkpoint's
    name. `revision`: of the Hub repository, empty for its newest. `device`: `auto` takes CUDA, then MPS, then the CPU;
    `cuda:1` and the like work too. `dtype`: of autocast; `auto` is bfloat16 on CUDA and on CPUs with AMX, else float32.
    `image_size`: side of the square the network sees, a multiple of 32; the weights are made for 1024.
    `cache_dtype`: of kept features; `auto` is bfloat16 with bfloat16, else float16. `cache_megabytes`: features kept in
    memory, `spill_megabytes`: kept in a temporary folder beyond that; older ones are computed again when needed.
    `encoder_batch`: pictures the image encoder takes at once. `random_weights`: no checkpoint, weights drawn with
    `seed`: for tests and timings only.
    """

    checkpoint: str = "facebook/sam2.1-hiera-large"
    size: str = ""
    revision: str = ""
    device: str = "auto"
    dtype: str = "auto"
    image_size: int = 1024
    cache_dtype: str = "auto"
    cache_megabytes: int = 2048
    spill_megabytes: int = 8192
    encoder_batch: int = 4
    random_weights: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self.image_size >= 64 and self.image_size % 32 == 0, "image_size", "a multiple of 32 of at least 64")
        _check(self.size in ("", *SIZES), "size", ", ".join(SIZES))
        _check(self.dtype in DTYPES, "dtype", ", ".join(DTYPES))
        _check(self.device.split(":")[0] in DEVICES, "device", ", ".join(DEVICES))
        _check(self.cache_dtype in (*DTYPES, "float16"), "cache_dtype", ", ".join((*DTYPES, "float16")))
        _check(self.encoder_batch >= 1, "encoder_batch", "at least 1")
        _check(min(self.cache_megabytes, self.spill_megabytes) >= 0, "cache_megabytes, spill_megabytes", "0 or more")

    @property
    def model_size(self) -> str:
        """One of `SIZES`. Raises `UnusableSetting` when neither `size` nor the checkpoint's name tells."""
        if self.size:
            return self.size
        name = PurePath(self.checkpoint).name.lower().replace("_", "-").replace("b+", "base-plus")
        found = [s for s in SIZES if s in name]
        _check(len(found) == 1, "size", f"{', '.join(SIZES)}: {self.checkpoint!r} does not tell which")
        return found[0]

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out."""
        left_out = ("device", "cache_megabytes", "spill_megabytes", "encoder_batch", "checkpoint", "revision")
        return {name: value for name, value in asdict(self).items() if name not in left_out}


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """How a frame is prompted, and which masks are kept (defaults: SVG2's, its Table 7 and its code).

    `points_per_side`: grid of each crop layer: the whole frame, 2 × 2 crops, 4 × 4 crops, ... `inset_grid`: SAM's own
    grid, which starts half a step inside; otherwise outer points lie on the border. `crop_overlap`: of neighbouring
    crops, as a part of the frame's short side. `points_per_batch`: prompts the decoder takes at once.
    `refine`: decode a second time from the first mask (use_m2m). `least_iou`: the model's own estimate must lie above.
    `least_stability`: area above logit +`stability_offset` over area above its negative, at least that.
    `crop_edge_margin`: masks within so many pixels of a crop's inner border are dropped. `nms`: box IoU above which the
    worse of two masks of a crop goes; `crop_nms`: the same across crops, in favour of the smaller crop.
    `least_region`: holes and specks under so many pixels are filled and removed; 0, as in SVG2's build, leaves them.
    """

    points_per_side: tuple[int, ...] = (32, 16, 4)
    inset_grid: bool = False
    crop_overlap: float = 0.5
    points_per_batch: int = 64
    refine: bool = True
    least_iou: float = 0.75
    least_stability: float = 0.85
    stability_offset: float = 1.0
    crop_edge_margin: float = 20.0
    nms: float = 0.7
    crop_nms: float = 0.7
    least_region: int = 0

    def __post_init__(self) -> None:
        sides = tuple(self.points_per_side)  # a list where it comes from JSON
        object.__setattr__(self, "points_per_side", sides)
        _check(bool(sides) and min(sides) >= 1, "points_per_side", "one positive number per crop layer")
        _check(0 <= self.crop_overlap < 1, "crop_overlap", "0 or more, under 1")
        _check(self.points_per_batch >= 1, "points_per_batch", "at least 1")
        _check(min(self.least_region, self.crop_edge_margin) >= 0, "least_region, crop_edge_margin", "0 or more")

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out."""
        return {name: value for name, value in asdict(self).items() if name != "points_per_batch"}


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """How objects are followed.

    `objects_per_batch`: objects that go through attention and decoder together; halved when memory runs out.
    `prompts_attended`: most prompted frames an object's attention reads, the nearest in time; 0 for all, as SAM 2 does.
    `retrace_chunk`: frames decoded at once when dropped features are needed again. `colour_weight`: length of the
    colour statistics beside the network's features in an embedding.
    """

    objects_per_batch: int = 16
    prompts_attended: int = 0
    retrace_chunk: int = 8
    colour_weight: float = 0.5

    def __post_init__(self) -> None:
        _check(self.objects_per_batch >= 1, "objects_per_batch", "at least 1")
        _check(self.prompts_attended >= 0 and self.prompts_attended != 1, "prompts_attended", "0, or 2 and more")
        _check(self.retrace_chunk >= 1, "retrace_chunk", "at least 1")
        _check(self.colour_weight >= 0, "colour_weight", "0 or more")

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out."""
        return {"prompts_attended": self.prompts_attended, "colour_weight": self.colour_weight}


def _check(holds: bool, name: str, takes: str) -> None:
    if not holds:
        raise UnusableSetting(f"SAM 2: the setting {name} takes {takes}.")
