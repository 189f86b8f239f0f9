"""How graphs become samples: what is sampled, filtered, capped and kept, each figure with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from svg2_assets.scene.taxonomy import AttributeType, Verdict
from svg2_assets.scene_graphs.sources import OWN, PREFIXES, Kind
from svg2_assets.traser.samples.splits import SplitSettings
from svg2_assets.traser.sampling import LEAST_PIXELS, MOST_PIXELS, Sampling


class Stored(StrEnum):
    """How the sampled frames lie in the row: not at all (training opens the video), or as pictures."""

    NONE = "none"
    JPEG = "jpeg"
    PNG = "png"


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SamplingSettings(_Settings):
    """Which frames are seen and how large: the released code's figures."""

    fps: float = Field(default=1.0, gt=0)
    least_frames: int = Field(default=4, ge=1)
    most_frames: int = Field(default=128, ge=1)
    least_pixels: int = Field(default=LEAST_PIXELS, ge=0)
    most_pixels: int = Field(default=MOST_PIXELS, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> SamplingSettings:
        if self.least_frames > self.most_frames or self.least_pixels > self.most_pixels:
            raise ValueError("least_frames and least_pixels are at most most_frames and most_pixels")
        return self

    @property
    def sampling(self) -> Sampling:
        """As `traser.sampling` takes it."""
        return Sampling(**self.model_dump())


class PictureSettings(_Settings):
    """How sampled frames are stored: JPEG with full colour resolution, since small things are few pixels, or PNG."""

    stored: Stored = Stored.JPEG
    quality: int = Field(default=90, ge=1, le=100)


class ObjectSettings(_Settings):
    """Which objects are told.

    `verdicts` of names that may be told (upstream deleted what was not supported and lost thin classes with it);
    `least_score`: of their verification. `generic`: whether objects stay whose name says nothing (`object`, `thing`).
    `most`: the most salient ones stay, not the first (weakness G10). `least_frames`: sampled frames that show it.
    """

    verdicts: frozenset[Verdict] = frozenset({Verdict.SUPPORTED, Verdict.UNVERIFIED})
    least_score: float = Field(default=0.0, ge=0, le=1)
    generic: bool = False
    most: int = Field(default=40, ge=1)
    least_frames: int = Field(default=1, ge=1)


class AttributeSettings(_Settings):
    """Which attributes are told (weakness G4: taste and mood were, motion, position and state were not).

    `types` that are told; `subjective`: whether words of taste stay; `least_confidence` and `most` an object, the
    surest ones.
    """

    types: frozenset[AttributeType] = frozenset(AttributeType)
    subjective: bool = False
    least_confidence: float = Field(default=0.0, ge=0, le=1)
    most: int = Field(default=8, ge=0)


class RelationSettings(_Settings):
    """Which relations are told (weakness G5).

    `mirrored`: whether `a left of b` and `b right of a` both stay. `instant_share`: an act of an instant (`kicks`) that
    is said to last this share of a clip of at least `instant_seconds` is left out; 1.01 keeps all. `most` a sample: the
    longest of each category in turn, so that what is frequent does not crowd out what is rare.
    """

    least_confidence: float = Field(default=0.0, ge=0, le=1)
    mirrored: bool = False
    instant_share: float = Field(default=0.9, gt=0)
    instant_seconds: float = Field(default=6.0, ge=0)
    most: int = Field(default=256, ge=0)


class SalienceSettings(_Settings):
    """Weights of what makes an object worth telling; each term is 0..1 before its weight.

    `area`: logarithm of the median area, from `smallest` to `largest` share of the frame. `duration`: share of the
    sampled frames that show it. `motion`: way of its box's centre between sampled frames, up to `far` of the frame's
    diagonal. `central`: closeness to the middle. `related`: relations that touch it, up to `many`. A part of another
    object is worth `part_worth` of its own.
    """

    area: float = 0.35
    duration: float = 0.2
    motion: float = 0.15
    central: float = 0.05
    related: float = 0.25
    smallest: float = 0.0002
    largest: float = 0.2
    far: float = 0.05
    many: int = Field(default=3, ge=1)
    part_worth: float = 0.7


class BuildSettings(_Settings):
    """Everything that decides what the sample of a video is.

    `cut_short_masks`: a video whose masks end before this share of it is cut there, where relations go on after them
    (weakness G8); 0 cuts none.
    """

    dataset: str = Field(default="store", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    sampling: SamplingSettings = SamplingSettings()
    pictures: PictureSettings = PictureSettings()
    objects: ObjectSettings = ObjectSettings()
    attributes: AttributeSettings = AttributeSettings()
    relations: RelationSettings = RelationSettings()
    salience: SalienceSettings = SalienceSettings()
    splits: SplitSettings = SplitSettings()
    cut_short_masks: float = Field(default=0.8, ge=0, le=1)

    def to_json(self) -> dict[str, Any]:
        """JSON types, in a fixed order, for the hash of a recipe."""
        dumped: dict[str, Any] = self.model_dump(mode="json")
        dumped["objects"]["verdicts"] = sorted(dumped["objects"]["verdicts"])
        dumped["attributes"]["types"] = sorted(dumped["attributes"]["types"])
        return dumped


_IMPORTED = PREFIXES[Kind.IMPORTED] + ":"


class GraphSampleSettings(BuildSettings):
    """Whose graphs become samples.

    `source`: `pipeline`, or `imported:NAME`; then `dataset` is NAME where nothing else is said. `videos`: folder of the
    files of an import's videos, each called by the video's id, or as the graph's address calls it.
    """

    source: str = OWN
    videos: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _named_by_import(cls, given: Any) -> Any:
        source = given.get("source") if isinstance(given, Mapping) else None
        name = source.removeprefix(_IMPORTED) if isinstance(source, str) and source.startswith(_IMPORTED) else ""
        if name and "dataset" not in given:
            return {**given, "dataset": name}
        return given

    @field_validator("source")
    @classmethod
    def _has_masks(cls, source: str) -> str:
        if source != OWN and not (source.startswith(_IMPORTED) and source != _IMPORTED):
            raise ValueError(f"expected {OWN} or {_IMPORTED}NAME")
        return source

    @property
    def imported(self) -> str | None:
        """The name of the import; None where the graphs are the phases'."""
        return None if self.source == OWN else self.source.removeprefix(_IMPORTED)

    def to_json(self) -> dict[str, Any]:
        """As of `BuildSettings`. Where files lie decides nothing as long as pictures come along with the samples."""
        dumped = super().to_json()
        if self.imported is None:
            del dumped["source"]
        if self.imported is None or self.pictures.stored is not Stored.NONE:
            del dumped["videos"]
        return dumped
