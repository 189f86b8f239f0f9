"""From answers of a model to one description an object, with a reason where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from svg2_assets.descriptions.gallery import Gallery
from svg2_assets.descriptions.protocols import Description
from svg2_assets.llm.calls import Answer, Outcome
from svg2_assets.llm.cleaning import cleaned
from svg2_assets.scene.errors import PhaseError, printable
from svg2_assets.trajectories.protocols import TrackingResult

MOST_CHARACTERS = 4000  # of a description: DAM ends at 512 tokens, which is less
EMPTY = "the model's answer holds no text"
LOST = frozenset({Outcome.RATE_LIMITED, Outcome.SERVER_ERROR})
"""outcomes that say nothing about the object: asked again another day, it may be described"""

T = TypeVar("T")


def described(object_id: int, frames: Sequence[int], answer: Answer) -> Description:
    """The description that a free text gives; an answer that was cut off at its limit is kept as far as it goes."""
    text = cleaned(answer.text, limit=MOST_CHARACTERS)
    if answer.outcome in {Outcome.OK, Outcome.TRUNCATED} and text:
        return Description(object_id, text, tuple(frames))
    return Description(object_id, "", tuple(frames), reason=why(answer))


def why(answer: Answer) -> str:
    """Why `answer` describes nothing."""
    if answer.outcome in {Outcome.OK, Outcome.TRUNCATED}:
        return EMPTY
    return f"{answer.outcome.value}: {printable(answer.reason)}"


def one_each(tracks: TrackingResult, gallery: Gallery, found: Mapping[int, Description]) -> tuple[Description, ...]:
    """A description an object, in the order of `tracks.objects`: what was `found`, or why nothing was asked.

    Raises `PhaseError` when there were objects to describe and none of them is.
    """
    if found and not any(d.text for d in found.values()):
        first = next(iter(found.values()))
        raise PhaseError(
            video=gallery.video.id,
            phase="descriptions",
            expected=f"descriptions of {len(found)} objects",
            found=f"none; of object {first.object_id}: {first.reason}",
            remedy="See what the model's server says, then refresh.",
        )
    return tuple(found.get(o.id) or Description(o.id, "", reason=_not_asked(o.id, gallery)) for o in tracks.objects)


def portions(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """`items` in order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _not_asked(object_id: int, gallery: Gallery) -> str:
    budget = gallery.budget
    if object_id in budget.left_out:
        return f"left out: at most {len(budget.chosen)} of {len(budget.scores)} objects are described"
    return "no frame shows it"
