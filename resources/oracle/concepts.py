"""A concept tracker that knows the truth of a clip and errs at known rates."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from resources.oracle.errors import Dice, Kind, misshapen
from svg2_assets.labels.concept_tracks import ConceptFrame, Sighting
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import FrameSource

SWITCHED = 100_000  # added to the id of a track that was lost and found again


class NamedTruth(Protocol):
    """Who is where on a frame, and what each one is called."""

    @property
    def names(self) -> Mapping[int, str]:
        """Object id -> name."""
        ...

    def masks_at(self, index: int) -> Mapping[int, Mask]:
        """Object id -> visible mask."""
        ...


@dataclass(frozen=True, slots=True)
class ConceptErrors:
    """`blind`: by name, the chance that an object is never found; `blindness` for the others. `miss`: per frame and
    object. `stray`: the chance that an object answers to a prompt that is not its name, by prompt and object. `switch`:
    that an object's track goes on under another id after the middle of the window. `shape`: how far edges lie off, of
    the frame's height. `small`: share of the frame below which blindness doubles."""

    blind: Mapping[str, float] = field(default_factory=dict)
    blindness: float = 0.1
    miss: float = 0.05
    stray: float = 0.01
    switch: float = 0.1
    shape: float = 0.01
    small: float = 0.002


class OracleConceptTracker:
    """Finds the objects of `truth` that bear the names asked for. The same errors however often it is asked."""

    def __init__(self, truth: NamedTruth, errors: ConceptErrors | None = None, *, seed: int = 0) -> None:
        self._truth, self._errors, self._dice = truth, errors or ConceptErrors(), Dice(seed)

    @property
    def model_id(self) -> str:
        """Says that it knows."""
        return "oracle-concepts/1"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every error rate."""
        return asdict(self._errors)

    def follow(
        self,
        source: FrameSource,  # noqa: ARG002 - the truth knows the clip
        concepts: Sequence[str],
        indices: Sequence[int],
    ) -> Iterator[ConceptFrame]:
        """One item a frame."""
        middle = indices[len(indices) // 2] if indices else 0
        return (ConceptFrame(i, tuple(self._seen(i, concepts, after=i >= middle))) for i in indices)

    def _seen(self, index: int, concepts: Collection[str], *, after: bool) -> Iterator[Sighting]:
        for object_id, mask in self._truth.masks_at(index).items():
            for concept in concepts:
                if self._answers(object_id, concept, mask) and not self._happens(
                    self._errors.miss, Kind.DROP, object_id, index
                ):
                    switched = after and self._happens(self._errors.switch, Kind.SWITCH, object_id)
                    shape = self._dice.throw(Kind.SHAPE, object_id, index)
                    score = 0.55 + 0.45 * float(self._dice.throw(Kind.SCORE, object_id).random())
                    seen = misshapen(mask, shape, strength=self._errors.shape)
                    yield Sighting(concept, object_id + SWITCHED * switched, score, seen)

    def _answers(self, object_id: int, concept: str, mask: Mask) -> bool:
        """Whether an object is found when `concept` is asked for; decided once a clip, but for what gets small."""
        if self._truth.names[object_id] != concept:
            key = zlib.crc32(concept.encode())
            return self._happens(self._errors.stray, Kind.INVENT, object_id, key)
        blind = self._errors.blind.get(concept, self._errors.blindness)
        if mask.area < self._errors.small * mask.height * mask.width:
            blind = min(1.0, 2 * blind)
        return not self._happens(blind, Kind.MISS, object_id)

    def _happens(self, probability: float, kind: Kind, *keys: int) -> bool:
        return self._dice.happens(probability, kind, *keys)
