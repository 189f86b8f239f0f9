"""From a video and its trajectories to what the network is asked: one sequence a pass, none of them with an answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import FrameSource, Pixels, Video
from svg2_assets.traser.arrangement import Clip, Plan, Slots, Tokenizer, arrange
from svg2_assets.traser.budget import fit, passes
from svg2_assets.traser.presets import Preset
from svg2_assets.traser.sampling import Sampled, Sampling, bytes_of_patches, frames_of, sample
from svg2_assets.traser.selection import PHASE, Masks, masks_on, tracks_of
from svg2_assets.traser.text import Clock, Task, prompt_ids
from svg2_assets.traser.values import Example

ANSWER_TOKENS = 48  # an object and its relations take on the average, for the room that an answer is left
LEAST_ROOM = 256


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a video: the sampled `frames` [n, H', W', 3] uint8, and `masks` [objects][n] of its objects.

    Object k of an answer is `ids[k - 1]`.
    """

    video: Video
    sampled: Sampled
    frames: Pixels
    ids: tuple[int, ...]
    masks: Masks


@dataclass(frozen=True, slots=True)
class Pass:
    """One sequence: its `example` without an answer, and the numbers of its objects in `Shown.ids`, from 1.

    `presence`: first and last number of the clock at which each is seen.
    """

    example: Example
    numbers: tuple[int, ...]
    presence: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked about one video, in how many passes it takes, and what was left out on the way."""

    shown: Shown
    task: Task
    clock: Clock
    passes: tuple[Pass, ...]
    notes: tuple[str, ...] = ()


def show(source: FrameSource, trajectories: Mapping[int, Trajectory], sampling: Sampling | None = None) -> Shown:
    """The sampled frames of `source` with the masks of `trajectories` on them. Raises `PhaseError`, `VideoError`."""
    video = source.video
    if not trajectories:
        raise PhaseError(
            video=video.uri,
            phase=PHASE,
            expected="an object or more",
            found="none",
            remedy="Give trajectories: annotate the video first, or pass a file of masks.",
        )
    sampled = sample(video, sampling)
    masks = masks_on(list(trajectories.values()), sampled.indices)
    return Shown(video, sampled, frames_of(source, sampled), tuple(trajectories), masks)


def ask(shown: Shown, task: Task, *, preset: Preset, tokenizer: Tokenizer, slots: Slots) -> Asking:
    """The sequences for `task`. More objects than fit one are asked about in several passes where the preset chooses
    them by salience; otherwise the first are.

    Raises `PhaseError` when no object is seen, a mask does not fit the video, or not one object fits the sequence.
    """
    video, sampled, arranging = shown.video, shown.sampled, preset.arranging
    where = video.uri or video.id
    selection = tracks_of(
        shown.masks,
        sampled.grid,
        preset.selecting,
        video=where,
        frames=len(sampled.indices),
        size=(video.height, video.width),
    )
    clip = Clip(sampled.grid, sampled.times, selection.tracks)
    clock = Clock.of(video.duration, true_times=arranging.true_times)
    plan = Plan(arranging, slots, tokenizer)
    prompt = prompt_ids(task, tokenizer, prompting=preset.prompting)
    patches = bytes_of_patches(shown.frames)
    made: list[Pass] = []
    notes = [*selection.notes, *(d.reason for d in selection.dropped)]
    for group in _groups(clip, preset):
        part = replace(clip, tracks=[clip.tracks[k] for k in group])
        room = min(preset.decoding.most_new_tokens, LEAST_ROOM + ANSWER_TOKENS * len(group))
        fitted = fit(part, plan, video=where, prompt=len(prompt[0]) + len(prompt[1]), answer=room)
        arranged = arrange(fitted.clip, prompt, plan=plan, blocks=fitted.blocks)
        numbers = tuple(t.number + 1 for t in fitted.clip.tracks)
        example = Example(video.id, patches, sampled.grid, arranged)
        made.append(Pass(example, numbers, tuple(_presence(shown, n - 1, clock) for n in numbers)))
        notes += [*fitted.notes, *arranged.notes]
    if len(made) > 1:
        notes.append(f"{len(clip.tracks)} objects are asked about in {len(made)} passes; relations between passes lack")
    return Asking(shown, task, clock, tuple(made), tuple(notes))


def _groups(clip: Clip, preset: Preset) -> Sequence[Sequence[int]]:
    most = preset.arranging.most_objects
    if most is None or not preset.arranging.salient:
        return (range(len(clip.tracks)),)
    return passes(clip, most)


def _presence(shown: Shown, number: int, clock: Clock) -> tuple[int, int]:
    """First and last number of the clock between which an object is seen; to the next sampled frame, which lacks it."""
    row = shown.masks[number]
    seen = np.flatnonzero([mask is not None and mask.area > 0 for mask in row])
    times = np.append(shown.sampled.times, clock.duration)
    first = math.floor(times[seen[0]] / clock.unit)
    last = math.ceil(times[seen[-1] + 1] / clock.unit) - 1
    return min(first, clock.count - 1), min(max(first, last), clock.count - 1)
