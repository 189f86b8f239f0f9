"""What a describer is shown: `python -m benchmarks.descriptions` prints frames by preset and what became of masks."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.chain import Chain
from benchmarks.data import DAVIS, DEFAULT_DATA, VTEST, Data
from benchmarks.description_sheets import write_sheet
from benchmarks.quality import DEFAULT_CACHE
from benchmarks.tables import Table, load_note, percent, show
from resources.media.reader import VideoReader, open_video
from svg2_assets.descriptions.frames import sharpness
from svg2_assets.descriptions.gallery import Gallery, look
from svg2_assets.descriptions.masking import at_size
from svg2_assets.descriptions.pictures import surroundings
from svg2_assets.descriptions.presets import DEFAULT, PRESETS, RELEASE, ViewRules
from svg2_assets.scene.masks import complement
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

FRAMES = 8  # as DAM takes them
CLIPS = ("sam2-demo/02_cups.mp4", "sam2-demo/04_coffee.mp4", "sam2-demo/05_default_juggle.mp4", VTEST)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one preset shows of one object: time from first to last frame and between two, in seconds, and qualities.

    `area` is relative to the largest mask of the object, `sharp` as `sharpness` gives it, both means over the frames.
    """

    spread: float
    gap: float
    area: float
    sharp: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables, and write a contact sheet a clip where `--sheets` names a folder."""
    given = _parser().parse_args(arguments)
    data, chain = Data(given.data), Chain(given.cache, tracks=given.tracks)
    clips: dict[str, tuple[VideoReader, TrackingResult]] = {}
    for name in CLIPS:
        if data.has(name):
            clips[Path(name).stem] = chain.track(data.path(name))
    for name in DAVIS:
        if data.has(f"davis2016/{name}.mp4"):
            clips[f"{name} + ground"] = with_ground(data, name)
    frames, masks = [], []
    for name, (source, tracks) in clips.items():
        galleries, seconds = {}, {}
        for preset in PRESETS:
            began = time.process_time()
            galleries[preset] = look(source, tracks, ViewRules(preset=preset, objects=given.objects), frames=FRAMES)
            seconds[preset] = time.process_time() - began
        frames += _frame_rows(name, galleries, tracks, seconds)
        masks.append(_mask_row(name, galleries[DEFAULT]))
        if given.sheets is not None:
            print(write_sheet(given.sheets / f"{name.replace(' + ', '-')}.png", galleries[DEFAULT], tracks))
    show([_frame_table(frames), _mask_table(masks)], as_json=given.json)
    return 0


def with_ground(data: Data, name: str) -> tuple[VideoReader, TrackingResult]:
    """The true foreground of a DAVIS clip and, as a panoptic tracker would have it, everything else as the ground."""
    source, masks = open_video(data.path(f"davis2016/{name}.mp4")), data.davis_masks(name)
    things = [
        TrackedObject(i, Trajectory.of(range(len(made)), made), Origin.SEED, 1.0)
        for i, made in enumerate((masks, [complement(m) for m in masks]))
    ]
    return source, TrackingResult(tuple(things))


def shown_of(gallery: Gallery, tracked: TrackedObject) -> Shown:
    """The figures of one object, with masks as tracked, so that presets differ by their frames alone."""
    areas, sharp, times = [], [], []
    for view in gallery.views(tracked.id):
        mask = at_size(
            tracked.trajectory.masks[tracked.trajectory.frames.index(view.frame)].to_array(), *view.mask.shape
        )
        crop = surroundings(mask, context=1.0, least=1)
        areas.append(mask.mean())
        sharp.append(sharpness(view.pixels[crop], mask[crop]))
        times.append(view.time)
    gap = float(np.min(np.diff(times))) if len(times) > 1 else 0.0
    largest = float(tracked.trajectory.areas.max()) / (gallery.video.width * gallery.video.height)
    return Shown(times[-1] - times[0], gap, float(np.mean(areas)) / largest, float(np.mean(sharp)))


def _frame_rows(
    name: str, galleries: dict[str, Gallery], tracks: TrackingResult, seconds: dict[str, float]
) -> list[list[object]]:
    """One row a preset, over the objects that all presets show; sharpness is relative to `release`."""
    common = sorted(set.intersection(*(set(g.frames) for g in galleries.values())))
    objects = [o for o in tracks.objects if o.id in common]
    made = {preset: [shown_of(gallery, o) for o in objects] for preset, gallery in galleries.items()}
    rows: list[list[object]] = []
    for preset, figures in made.items():
        relative = [a.sharp / max(b.sharp, 1e-9) for a, b in zip(figures, made[RELEASE], strict=True)]
        means = [float(np.mean([getattr(f, key) for f in figures])) for key in ("spread", "gap", "area")]
        held = galleries[preset].bytes_held / 2**20
        looked = len({f for i in common for f in galleries[preset].frames[i]})
        rows.append([name, preset, len(common), *means, float(np.mean(relative)), looked, held, seconds[preset]])
    return rows


def _mask_row(name: str, gallery: Gallery) -> list[object]:
    views = {i: list(gallery.views(i)) for i in gallery.frames}
    every = [v.prepared for shown in views.values() for v in shown]
    touched = sum(any(v.prepared.changed for v in shown) for shown in views.values())
    filled = [p.filled for p in every if p.filled]
    cut = [p.cut_off for p in every if p.cut_off]
    return [
        name,
        len(views),
        sum(gallery.stuff.values()),
        percent(touched / max(1, len(views))),
        percent(sum(p.filled > 0 for p in every) / max(1, len(every))),
        percent(float(np.mean(filled)) if filled else None, digits=1),
        percent(sum(p.cut_off > 0 for p in every) / max(1, len(every))),
        percent(float(np.mean(cut)) if cut else None, digits=1),
    ]


def _frame_table(rows: Sequence[Sequence[object]]) -> Table:
    columns = ("clip", "preset", "objects", "first to last s", "least gap s", "area / largest")
    columns += ("sharpness / release", "frames held", "MiB held", "CPU s")
    notes = ["means over the objects that every preset shows; masks as tracked", load_note()]
    return Table("Frames chosen", columns, rows, notes)


def _mask_table(rows: Sequence[Sequence[object]]) -> Table:
    columns = ("clip", "objects", "stuff", "objects changed", "views filled", "by (of the mask)")
    columns += ("views with leaks cut", "by (of the mask)")
    return Table("Masks prepared (default)", columns, rows, ["'+ ground': DAVIS truth and its complement"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.descriptions", description=__doc__)
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the clips and their truth")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder of kept tracking results")
    parser.add_argument("--tracks", type=Path, help="folder of tracking results <clip>.json to show instead")
    parser.add_argument("--objects", type=int, default=60, help="most objects a clip")
    parser.add_argument("--sheets", type=Path, help="folder for a contact sheet a clip")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
