"""One video's session: who is followed, what was prompted, and what each frame says of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from resources.device_memory import ran_out_of_memory
from resources.sam2.embedding import embedded
from resources.sam2.engine import Engine
from resources.sam2.errors import DeviceMemoryExhausted, ModelFailure
from resources.sam2.features import FeatureCache
from resources.sam2.follower import Follower, Outcome
from resources.sam2.memory import BACKWARDS, FORWARDS, Memory, Reach
from resources.sam2.network import Features
from resources.sam2.outputs import masks_of
from resources.sam2.settings import FollowSettings
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, Video
from svg2_assets.trajectories.panoptic.protocols import Tracked, Vectors

UNSEEN = Tracked(None, 0.0, 0.0)
Done = TypeVar("Done")


class Sam2Session:
    """A `TrackSession` of one `video`. Every object has its own memory; objects go through the network in batches.

    A frame whose numbers are not finite counts as one on which the object is not seen, and is not remembered.
    """

    def __init__(self, engine: Engine, cache: FeatureCache, video: Video, settings: FollowSettings) -> None:
        self._engine, self._cache, self._video, self._settings = engine, cache, video, settings
        self._before = engine.counters.copy()
        model = engine.network.model
        self._reach = Reach(model.num_maskmem - 1, model.max_obj_ptrs_in_encoder - 1, settings.prompts_attended)
        self._follower = Follower(engine, objects_per_batch=settings.objects_per_batch, num_frames=video.num_frames)
        self._memories: dict[int, Memory] = {}

    def prompt(self, frame: Frame, masks: Mapping[int, Mask]) -> None:
        """Begin or correct the objects `masks`. Raises `InvalidSceneValue` for a mask of another size than the video's.

        A prompt is remembered as it looks at the network's resolution; what lies between its pixels is lost there.
        """
        self._check_sizes(masks.values())
        ids = list(masks)
        adopted = self._guarded(lambda: self._adopted(frame, list(masks.values())))
        self._check_finite(frame.index, adopted)
        for i, outcome in zip(ids, adopted, strict=True):
            memory = self._memories.setdefault(i, Memory(self._reach))
            if outcome.finite:
                memory.prompt(frame.index, masks[i], outcome.trace)

    def advance(self, frame: Frame) -> dict[int, Tracked]:
        """All objects on `frame`, forwards; a prompted one as it was prompted.

        Raises `ModelFailure` when no object's numbers are finite or the device cannot hold one object.
        """
        shown = {i: m.shown[frame.index] for i, m in self._memories.items() if frame.index in m.shown}
        rest = {i: m for i, m in self._memories.items() if i not in shown and m.prompts}
        tracked = dict.fromkeys(self._memories, UNSEEN) | {i: _as_prompted(mask) for i, mask in shown.items()}
        return tracked | (self._guarded(lambda: self._followed(frame, rest)) if rest else {})

    def retrace(self, index: int, ids: Collection[int]) -> dict[int, Tracked]:
        """`ids` on the earlier frame `index`, backwards. Raises as `advance`, and `InvalidSceneValue` for an object
        that is not followed or not yet prompted after `index`.
        """
        memories = {i: self._memory_before(i, index) for i in ids}
        return self._guarded(lambda: self._traced_back(index, memories)) if memories else {}

    def forget(self, ids: Collection[int]) -> None:
        """Follow these objects no more; unknown ones are passed over."""
        for i in ids:
            self._memories.pop(i, None)

    def embed(self, frame: Frame, masks: Sequence[Mask]) -> Vectors:
        """[N, D], unit length; zeros for a mask without a pixel. Raises `InvalidSceneValue` for a wrong size."""
        self._check_sizes(masks)
        features = self._guarded(lambda: self._cache.of(frame))
        return embedded(features, masks, colour_weight=self._settings.colour_weight)

    @property
    def statistics(self) -> Mapping[str, float]:
        """`image_encoder_passes` (the segmenter's too), `object_frames`, `not_finite` and what was kept or lost."""
        spent = {name: float(n - self._before[name]) for name, n in self._engine.counters.items()}
        names = ("image_encoder_passes", "object_frames", "not_finite", "features_computed_again", "features_spilled")
        state = {
            "out_of_memory": float(self._follower.batches.retries),
            "objects": float(len(self._memories)),
            "memories": float(sum(m.entries for m in self._memories.values())),
        }
        return {**dict.fromkeys(names, 0.0), **spent, **state}

    def _adopted(self, frame: Frame, masks: list[Mask]) -> list[Outcome]:
        features = self._cache.of(frame)
        return [outcome for part in self._follower.adopt(features, masks) for outcome in part]

    def _followed(self, frame: Frame, memories: Mapping[int, Memory]) -> dict[int, Tracked]:
        features = self._cache.of(frame)
        parts = self._follower.follow(features, frame.index, FORWARDS, memories=memories)
        return self._taken(frame.index, FORWARDS, parts)

    def _traced_back(self, index: int, memories: Mapping[int, Memory]) -> dict[int, Tracked]:
        features = self._cache.at(index)
        parts = self._follower.follow(features, index, BACKWARDS, memories=memories)
        return self._with_appearance(self._taken(index, BACKWARDS, parts), features)

    def _with_appearance(self, tracked: dict[int, Tracked], features: Features) -> dict[int, Tracked]:
        shown = [(i, t.mask) for i, t in tracked.items() if t.mask is not None]
        looks = embedded(features, [m for _, m in shown], colour_weight=self._settings.colour_weight)
        return tracked | {i: replace(tracked[i], appearance=look) for (i, _), look in zip(shown, looks, strict=True)}

    def _taken(self, index: int, direction: int, parts: Iterable[dict[int, Outcome]]) -> dict[int, Tracked]:
        """Masks out, memories in, batch by batch, so that logits of one batch are gone before the next."""
        tracked: dict[int, Tracked] = {}
        finite = False
        for part in parts:
            usable = {i: o for i, o in part.items() if o.finite}
            finite = finite or bool(usable)
            self._engine.counters["not_finite"] += len(part) - len(usable)
            for i, outcome in usable.items():
                self._memories[i].put(index, outcome.trace, direction)
            tracked |= dict.fromkeys(part, UNSEEN) | self._as_tracked(usable)
        if tracked and not finite:
            self._refuse(index)
        return tracked

    def _as_tracked(self, outcomes: Mapping[int, Outcome]) -> dict[int, Tracked]:
        logits = [o.logits for o in outcomes.values()]
        masks = masks_of(logits, height=self._video.height, width=self._video.width)
        return {
            i: Tracked(mask, o.presence, min(1.0, max(0.0, o.quality)))
            for (i, o), mask in zip(outcomes.items(), masks, strict=True)
        }

    def _memory_before(self, i: int, index: int) -> Memory:
        memory = self._memories.get(i)
        if memory is None:
            raise InvalidSceneValue(f"SAM 2: object {i} is not followed, so it cannot be retraced")
        if not 0 <= index < memory.begins:
            raise InvalidSceneValue(
                f"SAM 2: object {i} was first prompted on frame {memory.begins}; frame {index} is not before that"
            )
        return memory

    def _check_sizes(self, masks: Iterable[Mask]) -> None:
        video = self._video
        for mask in masks:
            if (mask.height, mask.width) != (video.height, video.width):
                raise InvalidSceneValue(
                    f"SAM 2: a mask of {mask.height}x{mask.width} does not fit video {video.id}, "
                    f"which is {video.height}x{video.width} (height x width)"
                )

    def _check_finite(self, index: int, outcomes: Sequence[Outcome]) -> None:
        self._engine.counters["not_finite"] += sum(not o.finite for o in outcomes)
        if outcomes and not any(o.finite for o in outcomes):
            self._refuse(index)

    def _refuse(self, index: int) -> None:
        raise ModelFailure(
            video=self._video.id,
            expected=f"SAM 2 to give finite numbers on frame {index}",
            found=f"none for any object, in {self._engine.dtype}",
            remedy='Try the setting {"dtype": "float32"}; if that does not help, the checkpoint is damaged.',
        )

    def _guarded(self, work: Callable[[], Done]) -> Done:
        """`work`; when the device's memory does not hold even one object, an error of this video alone."""
        try:
            return work()
        except (DeviceMemoryExhausted, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not ran_out_of_memory(error):
                raise
            raise ModelFailure(
                video=self._video.id,
                expected="memory on the device for one object of SAM 2",
                found=str(error),
                remedy="Use a smaller `image_size` or `size`, or another device.",
            ) from error


def _as_prompted(mask: Mask) -> Tracked:
    return Tracked(mask, 1.0, 1.0) if mask.area else UNSEEN
