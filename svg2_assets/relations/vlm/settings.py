"""Every number of the relations by a vision-language model, and the presets `default`, `paper` and `release`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from svg2_assets.scene.errors import UnusableBackend


class UnusableSetting(UnusableBackend, ValueError):
    """A setting with a value it cannot have: names the setting and what it takes."""


class Preset(StrEnum):
    """`default` is ours; `paper` shows plain frames as the paper says; `release` does what the released code does."""

    DEFAULT = "default"
    PAPER = "paper"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class View:
    """What the model is shown.

    `rate`: frames a second. `window`: most frames of one call, `overlap`: frames that neighbouring windows share.
    `image_tokens`: most tokens an image may cost, which decides its size; 0 for the size that the model sees at most.
    `quality`: of JPEG. `marks`: outlines and numbers on the objects. `hints`: most statements of the geometry that are
    proposed in a call; with 0 neither these nor the descriptions' actions are told. `uncertain`: whether objects are
    shown whose name its parser doubts. `objects`: most of a call, `sets`: most sets of objects of a window; further
    objects are left out and counted.
    """

    rate: float = 1.0
    window: int = 40
    overlap: int = 5
    image_tokens: int = 350
    quality: int = 85
    marks: bool = True
    hints: int = 80
    uncertain: bool = True
    objects: int = 60
    sets: int = 3


VIEWS: Mapping[Preset, View] = MappingProxyType(
    {
        Preset.DEFAULT: View(),
        Preset.PAPER: View(
            window=240,
            overlap=0,
            image_tokens=0,
            quality=90,
            marks=False,
            hints=0,
            uncertain=False,
            objects=200,
            sets=1,
        ),
        Preset.RELEASE: View(
            window=24, overlap=0, image_tokens=0, quality=90, marks=False, hints=0, uncertain=False, objects=200, sets=1
        ),
    }
)
"""The API takes at most 500 images and 50 MB a request, so `paper` has a limit, too, of four minutes."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What of an answer is kept.

    `step`: seconds that a span may reach outside at either end uncounted: the model sees a frame a second.
    `sliver`: seconds under which a piece that clipping leaves is dropped. `words`: most words of a predicate.
    """

    step: float = 0.5
    sliver: float = 0.2
    words: int = 8


@dataclass(frozen=True, slots=True)
class RelatorSettings:
    """All of it. `view` holds what differs from the preset's `View`, by name.

    `reasoning_effort`: empty where the model knows none. `max_output_tokens`: reasoning included; `release` has 8,192.
    `windows_at_once`: windows whose pictures are held in memory.
    """

    preset: str = Preset.DEFAULT.value
    model: str = "gpt-5"
    reasoning_effort: str = "medium"
    max_output_tokens: int = 16_384
    windows_at_once: int = 8
    view: Mapping[str, Any] = field(default_factory=dict)
    cleaning: Cleaning = Cleaning()

    def __post_init__(self) -> None:
        _check(self.preset in list(Preset), "preset", ", ".join(Preset))
        unknown = sorted(set(self.view) - {f.name for f in fields(View)})
        _check(not unknown, "view", f"{', '.join(f.name for f in fields(View))}; not {', '.join(unknown)}")
        shown = self.shown
        _check(bool(self.model.strip()), "model", "the name of a model")
        _check(self.max_output_tokens >= 256, "max_output_tokens", "256 or more")
        _check(self.windows_at_once >= 1, "windows_at_once", "1 or more")
        _check(0 < shown.rate <= 30, "view.rate", "more than 0, at most 30")
        _check(2 <= shown.window <= 480, "view.window", "2 to 480: a request takes 500 images")
        _check(0 <= shown.overlap < shown.window, "view.overlap", "0 or more and less than the window")
        _check(1 <= shown.quality <= 100, "view.quality", "1 to 100")
        _check(2 <= shown.objects <= 450, "view.objects", "2 to 450: a schema takes 1,000 legal values")
        _check(min(shown.image_tokens, shown.hints) >= 0 and shown.sets >= 1, "view", "no negative number")

    @property
    def shown(self) -> View:
        """The preset's view with what `view` changes."""
        return replace(VIEWS[Preset(self.preset)], **self.view)

    @property
    def identity(self) -> dict[str, Any]:
        """The settings that change what comes out."""
        return {
            "preset": str(self.preset),
            "reasoning_effort": self.reasoning_effort,
            "max_output_tokens": self.max_output_tokens,
            "view": asdict(self.shown),
            "cleaning": asdict(self.cleaning),
        }


def _check(ok: bool, name: str, takes: str) -> None:
    if not ok:
        raise UnusableSetting(f"relations: the setting {name} takes {takes}.")
