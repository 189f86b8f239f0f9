"""What Phase 2b needs of its backends, and what it hands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from svg2_assets.descriptions.protocols import Description
from svg2_assets.scene.graph import Attribute, Verification
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


@dataclass(frozen=True, slots=True)
class Label:
    """A name (lower case, singular; `object` when nothing is known) with its attributes.

    `confidence` is the chance that the name is right, `uncertain` whether the parser itself doubts it, `alternatives`
    other names in order of likelihood, `reason` one sentence a user can read. `actions` (what it does) and
    `relationships` (how it stands to other things) are short phrases as described, hints for the relations; `original`
    is the name as it was given where that differs from `name`: in another script, plural, capitalised.
    """

    object_id: int
    name: str
    confidence: float
    attributes: tuple[Attribute, ...] = ()
    alternatives: tuple[str, ...] = ()
    uncertain: bool = False
    reason: str = ""
    actions: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()
    original: str = ""


@dataclass(frozen=True, slots=True)
class StretchEvidence:
    """What fits one object in one stretch of a window, judged on its own; `[start, end)` seconds.

    `looks`: frames looked at on which the object is visible. `concept`: the name it was asked for by, or a finer one
    that fits better, with its `viou`; `rival`: the other name that fits best, "" without one, and its `rival_viou`.
    """

    window: int
    start: float
    end: float
    looks: int
    concept: str
    viou: float
    rival: str = ""
    rival_viou: float = 0.0


@dataclass(frozen=True, slots=True)
class TrackEvidence:
    """What tracks of a concept say of one object, in numbers.

    `concept`: what was asked for; `tracks`: (window, track) of those that the object was given, none where nothing was
    found; `viou`: their volume IoU with the object, 0..1; `frames`: indices of the frames that show both; `score`: mean
    score of the tracks, 0..1; `looks`: frames looked at on which the object is visible. `rival`: the other name whose
    tracks fit best, "" without one, and its `rival_viou`. `stretches`: each on its own, in order; they speak of the
    name that was asked for, also where the label fell back to a coarser one.
    """

    concept: str
    tracks: tuple[tuple[int, int], ...] = ()
    viou: float = 0.0
    frames: tuple[int, ...] = ()
    score: float = 0.0
    looks: int = 0
    rival: str = ""
    rival_viou: float = 0.0
    stretches: tuple[StretchEvidence, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifiedLabel:
    """A label after independent evidence was heard. `label.name` may have fallen back to a coarser one.

    `evidence` is for readers. `by_tracks` holds the numbers behind it where tracks of names were looked for; both speak
    of the name that `verification` speaks of.
    """

    label: Label
    verification: Verification
    evidence: str = ""
    by_tracks: TrackEvidence | None = None


class LabelParser(Protocol):
    """Turns descriptions into labels; may look at the pixels where a description is in doubt."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def parse(
        self, descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult
    ) -> tuple[Label, ...]:
        """One label a description, in order. `source` and `tracks` are those that were described."""
        ...


class LabelVerifier(Protocol):
    """Confronts labels with evidence that did not produce them."""

    @property
    def model_id(self) -> str:
        """Name and revision of the model."""
        ...

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        ...

    def verify(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[Label]) -> tuple[VerifiedLabel, ...]:
        """One verdict a label, in order."""
        ...
