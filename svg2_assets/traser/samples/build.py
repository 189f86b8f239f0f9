"""From what a source says of a video to its training sample: what is sampled, what stays, and why the rest went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from svg2_assets.scene.video import Pixels, Video
from svg2_assets.traser.samples.counting import Counts, Reason
from svg2_assets.traser.samples.objects import Seen, objects_of
from svg2_assets.traser.samples.pictures import encode
from svg2_assets.traser.samples.settings import BuildSettings, Stored
from svg2_assets.traser.samples.splits import split_of
from svg2_assets.traser.samples.statements import statements_of
from svg2_assets.traser.samples.values import Draft, Sample, SampleObject, SampleRelation
from svg2_assets.traser.sampling import Sampled, sample
from svg2_assets.traser.text import Task

STRAY = 1.0  # seconds by which relations may go on after the last mask: sources count time in whole seconds

Look = Callable[[Sampled], Pixels]
"""The sampled frames at their size, uint8 [n, H', W', 3] RGB (`traser.sampling.frames_of` of a source)."""


@dataclass(frozen=True, slots=True)
class Built:
    """The sample of a video, None where nothing can be learned from it, and what was kept and dropped on the way."""

    sample: Sample | None
    counts: Counts = field(default_factory=Counts)


def build(draft: Draft, settings: BuildSettings | None = None, *, look: Look | None = None) -> Built:
    """The sample of `draft`. `look` gives the frames where they are stored with it.

    Raises `ValueError` where frames are to be stored and there is no `look`, and whatever `look` raises.
    """
    how = settings or BuildSettings()
    if how.pictures.stored is not Stored.NONE and look is None:
        raise ValueError(
            f"{draft.video.id}: pictures are to be stored as {how.pictures.stored}, but no frames are given"
        )
    counts = Counts()
    if not draft.objects:
        counts.note(Reason.NO_OBJECT)
        return Built(None, counts)
    video = _with_masks(draft, how, counts)
    sampled = sample(video, how.sampling.sampling)
    seen = objects_of(
        draft.objects, draft.relations, video=video, frames=sampled.indices, settings=how, counts=counts
    )  # fmt: skip
    if not seen:
        counts.note(Reason.NONE_LEFT)
        return Built(None, counts)
    relations = statements_of(
        draft.relations,
        kept={s.told.id for s in seen},
        known={o.id for o in draft.objects},
        duration=video.duration,
        rules=how.relations,
        counts=counts,
    )
    counts.note(Reason.SAMPLE)
    made = _sample(video, sampled, seen, relations=relations, settings=how)
    return Built(made if look is None else _with_pictures(made, sampled, look, settings=how), counts)


def tasks_of(objects: Sequence[SampleObject], relations: Sequence[SampleRelation]) -> tuple[Task, ...]:
    """What can be asked of a sample, the task that tells most first."""
    attributes, related = any(o.attributes for o in objects), bool(relations)
    natural = Task.of(attributes=attributes, relations=related)
    there = {
        Task.SCENE_GRAPH: attributes and related,
        Task.RELATIONSHIPS: related,
        Task.ATTRIBUTES: attributes,
        Task.OBJECTS: True,
    }
    return (natural, *(task for task in Task if there[task] and task is not natural))


def _sample(
    video: Video,
    sampled: Sampled,
    seen: Sequence[Seen],
    *,
    relations: tuple[SampleRelation, ...],
    settings: BuildSettings,
) -> Sample:
    objects = tuple(s.told for s in seen)
    return Sample(
        video=video,
        objects=objects,
        relations=relations,
        frames=sampled.indices,
        times=sampled.times,
        masks=tuple(s.masks for s in seen),
        picture_size=(sampled.height, sampled.width),
        tasks=tuple(task.value for task in tasks_of(objects, relations)),
        dataset=settings.dataset,
        split=split_of(video.id, settings.splits).value,
    )


def _with_pictures(made: Sample, sampled: Sampled, look: Look, *, settings: BuildSettings) -> Sample:
    if settings.pictures.stored is Stored.NONE:
        return made
    return replace(made, pictures=encode(look(sampled), settings.pictures))


def _with_masks(draft: Draft, settings: BuildSettings, counts: Counts) -> Video:
    """The video as far as masks were made for it, where relations go on after them: nothing shows what they tell of.

    Things that have left the picture have no masks either, but nobody relates them any more.
    """
    video = draft.video
    last = max((o.trajectory.frames[-1] for o in draft.objects if o.trajectory.frames), default=-1)
    masked = last + 1 if draft.masked_frames is None else min(draft.masked_frames, video.num_frames)
    if masked < 1 or masked >= settings.cut_short_masks * video.num_frames:
        return video
    end = float(video.edges[masked])
    if not any(span[1] > end + STRAY for r in draft.relations for span in r.spans):
        return video
    counts.note(Reason.MASKS_END)
    times = None if video.frame_times is None else video.frame_times[:masked]
    return replace(video, num_frames=masked, duration=end, frame_times=times)
