"""A sample as the network takes it: masks pooled to coverage, frames to patches, the graph to the text to learn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from svg2_assets.scene.errors import PhaseError, VideoError
from svg2_assets.scene.masks import IntArray
from svg2_assets.scene.taxonomy import CAMERA_ID
from svg2_assets.scene.video import FrameSource, Pixels, Video
from svg2_assets.traser.altering import ALTERATIONS
from svg2_assets.traser.arrangement import Clip, Plan, Slots, Tokenizer, arrange
from svg2_assets.traser.budget import Fitted, fit
from svg2_assets.traser.presets import Preset, Representing
from svg2_assets.traser.samples.pictures import Undecodable, decode
from svg2_assets.traser.samples.stating import predicates_at
from svg2_assets.traser.samples.stream import Fault, Unusable
from svg2_assets.traser.samples.values import Sample, SampleObject
from svg2_assets.traser.sampling import Sampled, bytes_of_patches, frames_of, grid_of
from svg2_assets.traser.selection import NoObject, Selection, tracks_of
from svg2_assets.traser.text import Clock, Statement, Task, Thing, Told, answer_ids, prompt_ids, target_text
from svg2_assets.traser.values import PATCH_VALUES, Example, Grid

NOTHING = np.zeros((0, PATCH_VALUES), dtype=np.uint8)
RELATED = 3  # relations of an object from which on it counts double


class FrameLibrary(Protocol):
    """Opens the videos of samples that hold no pictures. Travels to other processes."""

    def open(self, video: Video) -> FrameSource:
        """The frames of `video`, found by its `uri`. Raises `VideoError`."""
        ...


@dataclass(frozen=True)  # no slots: what is the same for every sample is worked out once
class ExampleMaker:
    """Makes examples of samples; a `stream.Maker`. `library` is needed where samples hold no pictures.

    `altered`: examples hold wrong answers, too, to learn against. `stated`: and what holds where each group looks.
    """

    preset: Preset
    tokenizer: Tokenizer
    slots: Slots = field(default_factory=Slots)
    library: FrameLibrary | None = None
    altered: bool = False
    stated: bool = False

    def __call__(self, sample: Sample, task: Task) -> Example:
        """The example of `sample`, its answer included. Raises `Unusable`."""
        return replace(self.arranged(sample, task), patches=bytes_of_patches(self._frames(sample)))

    def arranged(self, sample: Sample, task: Task) -> Example:
        """As `self(sample, task)`, but without patches: for who knows already what a tower makes of them."""
        height, width = sample.picture_size
        grid = grid_of(len(sample.frames), height, width)
        selection = self._selected(sample, grid)
        prompt = self._prompts[task]
        shown = [sample.objects[track.number] for track in selection.tracks]
        answer = self._answer(sample, shown, task)
        learned = answer_ids(answer, self.tokenizer)
        clip = Clip(grid, sample.times, selection.tracks)
        # What is left out only makes the answer shorter, so room for all of it is enough.
        fitted = self._fitted(sample, clip, prompt=len(prompt[0]) + len(prompt[1]), answer=len(learned))
        if len(fitted.kept) < len(shown):
            shown = [shown[k] for k in fitted.kept]
            answer = self._answer(sample, shown, task)
            learned = answer_ids(answer, self.tokenizer)
        arranged = arrange(fitted.clip, prompt, learned, plan=self._plan, blocks=fitted.blocks)
        missing = (d.reason for d in selection.dropped)
        notes = (*selection.notes, *missing, *fitted.notes, *arranged.notes)
        altered = self._altered(sample, shown, task, answer) if self.altered else {}
        words = self._words(sample, shown, task)
        told = told_of(sample, shown) if self.stated and task.tells_relations else Told()
        stated = predicates_at(told, arranged, fitted.clip, self.tokenizer)
        return Example(sample.video.id, NOTHING, grid, arranged, answer, notes, altered, words, stated)

    def showing_tokens(self) -> ExampleMaker:
        """As this, but objects stand as tokens where they would be text: for who must know which tokens are whose."""
        arranging = replace(self.preset.arranging, representing=Representing.TOKENS)
        return replace(self, preset=replace(self.preset, arranging=arranging))

    @cached_property
    def _plan(self) -> Plan:
        return Plan(self.preset.arranging, self.slots, self.tokenizer)

    @cached_property
    def _prompts(self) -> dict[Task, tuple[list[int], list[int]]]:
        return {task: prompt_ids(task, self.tokenizer, prompting=self.preset.prompting) for task in Task}

    def _answer(self, sample: Sample, shown: Sequence[SampleObject], task: Task) -> str:
        return target_text(told_of(sample, shown), task=task, clock=self._clock(sample))

    def _altered(self, sample: Sample, shown: Sequence[SampleObject], task: Task, answer: str) -> dict[str, IntArray]:
        """Ids of the wrong answers that differ from the true one."""
        told, clock = told_of(sample, shown), self._clock(sample)
        texts = {name: target_text(alter(told, clock), task=task, clock=clock) for name, alter in ALTERATIONS.items()}
        return {n.value: np.asarray(answer_ids(t, self.tokenizer)) for n, t in texts.items() if t != answer}

    def _words(self, sample: Sample, shown: Sequence[SampleObject], task: Task) -> dict[int, IntArray]:
        """Ids of what the answer calls each object, by its number."""
        found = {}
        for thing in told_of(sample, shown).things:
            said = (thing.name, *(thing.attributes if task.tells_attributes else ()))
            ids = [i for text in said for i in self.tokenizer.encode(text)]
            found[thing.number] = np.unique(np.asarray(ids, dtype=np.int64))
        return found

    def _clock(self, sample: Sample) -> Clock:
        return Clock.of(sample.video.duration, true_times=self.preset.arranging.true_times)

    def _fitted(self, sample: Sample, clip: Clip, *, prompt: int, answer: int) -> Fitted:
        """`clip` within the sequence's budget; objects count for more the more relations the answer tells of them."""
        touched = Counter(end for r in sample.relations for end in {r.subject, r.object})
        worth = [1 + min(touched[sample.objects[t.number].id] / RELATED, 1) for t in clip.tracks]
        try:
            return fit(clip, self._plan, video=sample.video.id, prompt=prompt, answer=answer, worth=worth)
        except PhaseError as error:
            raise Unusable(Fault.TOO_LONG, str(error)) from error

    def _selected(self, sample: Sample, grid: Grid) -> Selection:
        size = (sample.video.height, sample.video.width)
        where = sample.video.uri or sample.video.id
        try:
            return tracks_of(
                sample.masks, grid, self.preset.selecting, video=where, frames=len(sample.frames), size=size
            )  # fmt: skip
        except NoObject as error:
            raise Unusable(Fault.NO_OBJECT, str(error)) from error
        except PhaseError as error:
            raise Unusable(Fault.MASK, str(error)) from error

    def _frames(self, sample: Sample) -> Pixels:
        """uint8 [n, H', W', 3]."""
        height, width = sample.picture_size
        if sample.pictures:
            try:
                return decode(sample.pictures, height=height, width=width)
            except Undecodable as error:
                raise Unusable(Fault.PICTURE, f"{sample.video.id}: {error}") from error
        if self.library is None:
            raise Unusable(Fault.VIDEO, f"{sample.video.id}: no pictures are stored, and no library opens videos")
        try:
            source = self.library.open(sample.video)
            return frames_of(source, Sampled(sample.frames, sample.times, height, width))
        except (VideoError, PhaseError) as error:
            raise Unusable(Fault.VIDEO, str(error)) from error


def told_of(sample: Sample, shown: Sequence[SampleObject]) -> Told:
    """What is to be said of `sample` when `shown` are the input, in this order, numbered from 1.

    Relations with any other object go, those of the camera stay.
    """
    number = {o.id: k for k, o in enumerate(shown, 1)} | {CAMERA_ID: CAMERA_ID}
    return Told(
        tuple(Thing(number[o.id], o.name, tuple(a.value for a in o.attributes)) for o in shown),
        tuple(
            Statement(number[r.subject], r.predicate, number[r.object], r.spans)
            for r in sample.relations
            if r.subject in number and r.object in number
        ),
    )
