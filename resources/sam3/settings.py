"""Settings of the SAM 3 backend. Defaults are those of the released model where it has an opinion."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from svg2_assets.labels.concept_verification import ConceptRule
from svg2_assets.scene.errors import UnusableBackend

DEVICES = ("auto", "cuda", "mps", "cpu")
DTYPES = ("auto", "float32", "bfloat16")
PATCH = 14  # pixels of the network's input that one token stands for


class UnusableSetting(UnusableBackend, ValueError):
    """A setting with a value it cannot have: names the setting and what it takes."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model, and where it runs.

    `checkpoint`: Hub id, or a folder as `save_pretrained` writes it. `revision`: of the Hub repository, empty for its
    newest. `device`: `auto` takes CUDA, then MPS, then the CPU; `cuda:1` and the like work too. `dtype`: `auto` is
    bfloat16 on CUDA, else float32. `image_size`: side of the square that the network sees, a multiple of 14; the
    weights are made for 1008. `random_weights`: no checkpoint but a tiny network of the same architecture, drawn with
    `seed`: for tests and timings only.
    """

    checkpoint: str = "facebook/sam3"
    revision: str = ""
    device: str = "auto"
    dtype: str = "auto"
    image_size: int = 1008
    random_weights: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self.image_size >= 4 * PATCH and self.image_size % PATCH == 0, "image_size", "a multiple of 14, from 56")
        _check(self.dtype in DTYPES, "dtype", ", ".join(DTYPES))
        _check(self.device.split(":")[0] in DEVICES, "device", ", ".join(DEVICES))
        _check(bool(self.checkpoint.strip()), "checkpoint", "a Hub id or a folder")

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out."""
        left_out = ("device", "checkpoint", "revision")
        return {name: value for name, value in asdict(self).items() if name not in left_out}


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """How concepts are looked for.

    `least_score`: of a detection that is looked at; `new_score`: of one that begins a track; `nms`: mask IoU from which
    the worse of two detections of one concept goes. `most_objects`: tracks of one pass, the best first.
    `concepts_per_pass`: prompts that share one encoding of a frame; halved when memory runs out.
    """

    least_score: float = 0.5
    new_score: float = 0.7
    nms: float = 0.1
    most_objects: int = 128
    concepts_per_pass: int = 16

    def __post_init__(self) -> None:
        for name in ("least_score", "new_score", "nms"):
            _check(0 <= getattr(self, name) <= 1, name, "a number in 0..1")
        _check(self.most_objects >= 1, "most_objects", "at least 1")
        _check(self.concepts_per_pass >= 1, "concepts_per_pass", "at least 1")

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out; concepts do not see each other, but for `most_objects`."""
        return {name: value for name, value in asdict(self).items() if name != "concepts_per_pass"}


@dataclass(frozen=True, slots=True)
class Sam3Settings:
    """`model`: which weights, and where they run. `follow`: how concepts are looked for. `rule`: what is made of it."""

    model: ModelSettings = field(default_factory=ModelSettings)
    follow: FollowSettings = field(default_factory=FollowSettings)
    rule: ConceptRule = field(default_factory=ConceptRule)


def _check(holds: bool, name: str, takes: str) -> None:
    if not holds:
        raise UnusableSetting(f"SAM 3: the setting {name} takes {takes}.")
