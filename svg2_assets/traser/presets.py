"""The four ways to run TRASER: the paper's, the released code's, the Hub script's, and what users get.

Figures: arXiv 2602.23543, its released training and inference code, and the script beside the checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from svg2_assets.traser.values import Role


class Reduction(StrEnum):
    """How the coverage of a step follows from that of its two frames."""

    MAX = "max"
    MEAN = "mean"
    MIN = "min"


class Representing(StrEnum):
    """As what an object stands in the sequence: its visual tokens, or text beside all tokens of the clip."""

    TOKENS = "tokens"
    FIRST_BOX = "first_box"
    BOXES = "boxes"


class Prompting(StrEnum):
    """Whose wording asks for the graph."""

    GITHUB = "github"
    HUB = "hub"


@dataclass(frozen=True, slots=True)
class Selecting:
    """When a token belongs to an object (paper Eqs. 1-2).

    Coverage of at least `threshold`; an object without a token tries again `retries` times, `step` lower each, then
    takes its best one. `each_step`: on every step that shows the object it gets at least its best token.
    """

    threshold: float = 0.5
    step: float = 0.2
    retries: int = 2
    reduction: Reduction = Reduction.MAX
    each_step: bool = False


@dataclass(frozen=True, slots=True)
class Arranging:
    """What stands in the sequence.

    `roles` are the resamplers in use (none: the tokens themselves); `true_times`: windows and their labels follow the
    clip's clock, not the number of the frame; `scene`: a block for tokens of no object; `camera`: a block for the
    camera's own motion, id -1; `beside`: in each window of an object, a slot for each of so many others that come
    nearest; `representing`: with `first_box` or `boxes` the objects are text that says where they are, once or in each
    window, beside the tokens of the whole clip (no resampler, `scene`, `camera` or `beside` then). Of more than
    `most_objects` those stay that are `salient`, else the first. `most_tokens`
    is kept by dropping windows, then objects, by salience; the answer is never cut. `cut_at` is the released training's
    cut of the sequence's end, in the place of `most_tokens`: presets that mimic it report what is lost.
    """

    roles: frozenset[Role] = frozenset({Role.OBJECT, Role.WINDOW})
    window_seconds: float = 4.0
    true_times: bool = False
    scene: bool = False
    camera: bool = False
    beside: int = 0
    representing: Representing = Representing.TOKENS
    most_objects: int | None = 40
    most_tokens: int = 32768
    cut_at: int | None = None
    salient: bool = False


@dataclass(frozen=True, slots=True)
class Designing:
    """What the resamplers are.

    `place`: keys and latents know place and time (starts at zero: a released checkpoint gives the same output).
    `orthogonal`: latents start orthogonal and as small as weights rather than all ones, beside which what is seen is
    lost at first.
    `diversity`: weight of the loss on alike latents.
    """

    place: bool = False
    orthogonal: bool = False
    diversity: float = 0.0


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an answer is written. `constrained`: only valid answers can be; temperature 0 is greedy."""

    constrained: bool = False
    temperature: float = 0.0
    top_p: float = 1.0
    repetition_penalty: float = 1.05
    most_new_tokens: int = 8192


@dataclass(frozen=True, slots=True)
class Preset:
    """One way to run TRASER."""

    name: str
    selecting: Selecting = field(default_factory=Selecting)
    arranging: Arranging = field(default_factory=Arranging)
    designing: Designing = field(default_factory=Designing)
    prompting: Prompting = Prompting.GITHUB
    decoding: Decoding = field(default_factory=Decoding)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        p.name: p
        for p in (
            Preset("paper", arranging=Arranging(most_objects=None)),
            Preset("release", arranging=Arranging(cut_at=20000)),
            Preset(
                "hub",
                selecting=Selecting(threshold=0.7, step=0.1, retries=1),
                prompting=Prompting.HUB,
                decoding=Decoding(temperature=1e-6, top_p=0.9),
            ),
            Preset(
                "default",
                selecting=Selecting(each_step=True),
                arranging=Arranging(true_times=True, scene=True, camera=True, beside=3, salient=True),
                designing=Designing(place=True, orthogonal=True, diversity=0.01),
                decoding=Decoding(constrained=True, repetition_penalty=1.0),
            ),
        )
    }
)


def preset_of(name: str) -> Preset:
    """The preset; `KeyError` names those that there are."""
    if name not in PRESETS:
        raise KeyError(f"no TRASER preset {name!r}; there are {', '.join(PRESETS)}")
    return PRESETS[name]
