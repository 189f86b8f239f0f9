"""`ConceptTracker` by SAM 3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from resources.device_memory import free_device_memory, ran_out_of_memory
from resources.sam3 import building
from resources.sam3.errors import ModelFailure
from resources.sam3.settings import FollowSettings, ModelSettings
from resources.sam3.window import look, set_up
from svg2_assets.labels.concept_tracks import ConceptFrame, Sighting
from svg2_assets.scene.video import FrameSource

VERSION = "1"  # of the algorithm: raise it when the same settings give other masks


class Sam3ConceptTracker:
    """Finds and follows concepts. The model is loaded when first needed; one thread and one video at a time.

    All concepts of a pass share one encoding of each frame. A number of concepts that was too large for the device's
    memory once is not tried again; `retries` counts how often it ran out.
    """

    def __init__(self, model: ModelSettings | None = None, settings: FollowSettings | None = None) -> None:
        self._model, self._settings = model or ModelSettings(), settings or FollowSettings()
        self._together = self._settings.concepts_per_pass
        self.retries = 0

    @property
    def model_id(self) -> str:
        """Model and revision. Raises `CheckpointError` for a folder that is not there."""
        return building.model_id(self._model)

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output."""
        return {"version": VERSION, **self._model.identity, **self._settings.identity}

    @cached_property
    def network(self) -> tuple[Any, Any]:
        """Model and processor. Raises `ModelsMissing`, `CheckpointError`."""
        model, processor = building.build(self._model)
        set_up(model, self._settings)
        return model, processor

    def follow(self, source: FrameSource, concepts: Sequence[str], indices: Sequence[int]) -> Iterator[ConceptFrame]:
        """Look for `concepts` on the frames `indices` of one window; tracks have numbers of their own per pass.

        Raises `ModelsMissing`, `CheckpointError`, `ModelFailure`, and what the video raises.
        """
        found: dict[int, list[Sighting]] = {}
        passes, left = 0, list(concepts)
        try:
            while left:
                part = left[: self._together]
                seen = self._tried(source, part, indices)
                if seen is None:
                    continue
                left, passes = left[len(part) :], passes + 1
                first = (passes - 1) * self._settings.most_objects * (len(indices) + 1)
                for index, sightings in seen.items():
                    found.setdefault(index, []).extend(_numbered(s, first) for s in sightings)
        finally:
            free_device_memory()
        return (ConceptFrame(index, tuple(found[index])) for index in indices if index in found)

    def _tried(
        self, source: FrameSource, concepts: Sequence[str], indices: Sequence[int]
    ) -> dict[int, list[Sighting]] | None:
        """One pass; None when the device's memory did not hold it, with fewer concepts set for the next."""
        model, processor = self.network
        try:
            return look(model, processor, source.pick(indices), concepts, video=source.video)
        except RuntimeError as error:
            if not ran_out_of_memory(error):
                raise
            if len(concepts) == 1:
                raise ModelFailure(
                    video=source.video.id,
                    expected="memory on the device for one concept of SAM 3",
                    found=str(error),
                    remedy="Use fewer frames a window (`rule.windows.most_frames`), fewer objects "
                    "(`follow.most_objects`), a smaller `model.image_size`, or another device.",
                ) from error
        # Outside the handler: the error's traceback holds the tensors that are to be freed.
        self.retries += 1
        self._together = max(1, len(concepts) // 2)
        free_device_memory()
        return None


def _numbered(sighting: Sighting, first: int) -> Sighting:
    return Sighting(sighting.concept, first + sighting.track, sighting.score, sighting.mask)
