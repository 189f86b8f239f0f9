"""Reading Action Genome's files: frames are gathered on disk, then made into graphs video by video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.action_genome.clips import Clip, Things, drafts_of, masks_of, times_of
from svg2_assets.scene_graphs.formats.action_genome.form import ANNOTATIONS, NAME, OBJECTS, PEOPLE, SET, Reading
from svg2_assets.scene_graphs.formats.action_genome.frames import Frame, Gathered, files_of, gathered
from svg2_assets.scene_graphs.formats.action_genome.pickles import RefusedPickle
from svg2_assets.scene_graphs.formats.boxes import SAID, require_size, trajectory_of_boxes
from svg2_assets.scene_graphs.formats.clock import Told
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson
from svg2_assets.scene_graphs.formats.origins import KEY, with_kept
from svg2_assets.scene_graphs.formats.records import attempt, imported, once, place
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    Origin,
    Read,
    Rejected,
    Repair,
    Repairs,
    UnusableSource,
    Videos,
    no_videos,
)


def read(source: Path, options: Reading, *, videos: Videos = no_videos) -> Iterator[Read]:
    """The videos of the two files in a folder, or in its folder `annotations`. Raises `UnusableSource`.

    Frames of a video may be anywhere in them, so nothing comes before both were read; a broken one is told and nothing
    comes at all. In memory is what is said of one video.
    """
    files = files_of(source) or files_of(source / ANNOTATIONS)
    if files is None:
        where = printable(str(source))
        wanted = " and ".join(f"{stem}.pkl or .json" for stem in (OBJECTS, PEOPLE))
        raise UnusableSource(f"{where}: expected a folder with {wanted}; found no such two.")
    return once(_read(files, options, videos))


def _read(files: Sequence[Path], options: Reading, videos: Videos) -> Iterator[Read]:
    origin = Origin(NAME, dataset=options.dataset, licence=options.licence, file=str(files[0]))
    with Shelf() as shelf:
        try:
            found = gathered(files, shelf)
        except (RefusedPickle, BrokenJson, OSError) as error:
            broken = Fault.UNREADABLE if isinstance(error, OSError) else Fault.FORM
            detail = f"nothing is imported, since one of the two files cannot be read: {printable(str(error))}"
            yield Rejected("", broken, detail, replace(origin, file=", ".join(map(str, files))))
            return
        if found.unnamed:
            example = printable(found.example)
            detail = f"{found.unnamed} entries are of no VIDEO/FRAME.png, such as {example!r}; left out."
            yield Rejected("", Fault.FORM, detail, origin)
        yield from _videos(found, origin, options, videos)


def _videos(found: Gathered, origin: Origin, options: Reading, videos: Videos) -> Iterator[Read]:
    for name, frames in found.videos():
        clip = Clip.of(name, frames)
        here = replace(origin, record=name)
        kept = with_kept(here, {KEY: clip.origin})
        make = partial(_imported, clip, frames, options, videos=videos, origin=kept, repeated=found.repeated[name])
        yield attempt(make, video_id=clip.video_id, origin=here)


def _imported(
    clip: Clip,
    frames: Sequence[Frame],
    options: Reading,
    *,
    videos: Videos,
    origin: Origin,
    repeated: int,
    repairs: Repairs,
) -> Imported:
    repairs[Repair.FRAME_REPEATED] += repeated
    height, width = clip.size or (None, None)
    frames_told = clip.num_frames or frames[-1].index + clip.step
    told = Told(clip.video_id, height=height, width=width, num_frames=frames_told, fps=clip.fps)
    video = place(told, options, videos=videos, repairs=repairs)
    require_size(video)
    shown = [f for f in frames if f.index < video.num_frames]
    repairs[Repair.MASKS_LONG] += len(shown) < len(frames)
    things = Things.of(shown, clip, repairs)
    tracks = {i: trajectory_of_boxes(masks) for i, masks in masks_of(shown, things, video, repairs).items()}
    step = clip.step if options.spacing is None else max(1, round(options.spacing * video.fps))
    drafts = drafts_of(shown, things, times_of(shown, video, step), repairs, negatives=options.negatives)
    named = dict(things.named)
    if things.person not in tracks and not drafts:
        del named[things.person]  # nobody is shown, and nothing said of anybody
    split = next((entry.split for f in shown for entry in f.objects if entry.split), "")
    said = SAID | ({SET: split} if split else {})
    return imported(video, named, tracks, drafts, origin=origin, repairs=repairs, details=said)
