"""Stress clips nobody tunes on: `python -m benchmarks.heldout` prints J, identities and the handling of cuts."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.chain import Chain
from benchmarks.data import DEFAULT_DATA, Data
from benchmarks.stress import SCENE_NAMES, StressClip, build
from benchmarks.tables import Table, show
from svg2_assets.evaluation.identities import IdentityScores, LabelledFrame, identity_scores
from svg2_assets.evaluation.regions import best_single
from svg2_assets.scene.masks import Mask, iou
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult

CUT_TOLERANCE = 1  # frames
COLUMNS = (
    "clip", "things", "found", "J", "IDF1", "recall", "switches", "fragments", "false tracks", "cuts", "over cuts",
    "linked",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the chosen clips, track them, print the table."""
    given = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        table = heldout_table(Data(given.data), Chain(), given.scenes or SCENE_NAMES, Path(given.keep or folder))
    show([table], as_json=given.json)
    return 0


def heldout_table(data: Data, chain: Chain, scenes: Sequence[str], folder: Path) -> Table:
    """One row a stress clip."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [score(c, chain.track(c.path)[1]) for c in build(data, folder, scenes)]
    notes = [
        "found: things covered by one trajectory with J >= 0.5; J: mean over things of the best single trajectory",
        "false tracks: trajectories that never overlap a thing (IoU >= 0.3); over cuts: trajectories on both sides",
        "linked: things shown again after a cut whose trajectory says so",
        "pasted cut-outs: harder edges than nature's, and the background may hold real things that nobody listed",
    ]
    return Table("Stress clips", COLUMNS, rows, notes)


def score(clip: StressClip, tracks: TrackingResult) -> list[Any]:
    """The row of one clip."""
    js = [_thing_j(masks, tracks) for masks in clip.truth.values()]
    ids = _identities(clip, tracks)
    cuts = sum(any(abs(c - t) <= CUT_TOLERANCE for c in tracks.cuts) for t in clip.cuts)
    return [
        clip.name,
        len(js),
        sum(j >= 0.5 for j in js),
        float(np.mean(js)),
        ids.idf1,
        ids.recall,
        ids.switches,
        ids.fragmentations,
        sum(not _touches(o, clip) for o in _single(tracks)),
        f"{cuts} of {len(clip.cuts)}, {len(tracks.cuts) - cuts} false",
        sum(_spans_cut(o, clip.cuts) for o in tracks.objects),
        _linked(clip, tracks),
    ]


def _thing_j(masks: dict[int, Mask], tracks: TrackingResult) -> float:
    """J of the best trajectory over the frames on which the thing is visible."""
    position = {frame: i for i, frame in enumerate(sorted(masks))}
    shown = []
    for o in tracks.objects:
        t = o.trajectory
        kept = [(position[f], m) for f, m in zip(t.frames, t.masks, strict=True) if f in position]
        shown.append(Trajectory(tuple(f for f, _ in kept), tuple(m for _, m in kept)))
    return best_single([masks[f] for f in sorted(masks)], shown).mean


def _identities(clip: StressClip, tracks: TrackingResult, every: int = 4) -> IdentityScores:
    frames = range(0, clip.frames, every)
    truth = [LabelledFrame({i: m[f].box for i, m in clip.truth.items() if f in m}) for f in frames]
    shown = []
    for f in frames:
        masks = ((o.id, o.trajectory.at(f)) for o in _single(tracks))
        shown.append({i: m.box for i, m in masks if m is not None})
    return identity_scores(truth, shown)


def _single(tracks: TrackingResult) -> list[TrackedObject]:
    return [o for o in tracks.objects if o.origin is not Origin.SALIENT]


def _touches(o: TrackedObject, clip: StressClip) -> bool:
    """Whether the trajectory overlaps any thing with IoU 0.3 on some frame."""
    for frame, mask in zip(o.trajectory.frames, o.trajectory.masks, strict=True):
        there = [m[frame] for m in clip.truth.values() if frame in m]
        if there and float(iou([mask], there).max()) >= 0.3:
            return True
    return False


def _linked(clip: StressClip, tracks: TrackingResult) -> str:
    """How many things that are there again are linked to themselves, and how many links are wrong."""
    things = {o.id: _thing_of(o, clip) for o in tracks.objects}
    links = [(things[o.id], things[o.relinked_from]) for o in tracks.objects if o.relinked_from is not None]
    right = [(new, old) for new, old in links if new is not None and clip.same.get(new) == old]
    return f"{len(set(right))} of {len(clip.same)}, {len(links) - len(right)} wrong"


def _thing_of(o: TrackedObject, clip: StressClip) -> int | None:
    """The thing that the trajectory covers (IoU 0.5) on most frames; None when it covers none."""
    shown = dict(zip(o.trajectory.frames, o.trajectory.masks, strict=True))
    covered = {
        thing: sum(float(iou([shown[f]], [masks[f]])[0, 0]) >= 0.5 for f in shown.keys() & masks.keys())
        for thing, masks in clip.truth.items()
    }
    best = max(covered, key=lambda thing: covered[thing])
    return best if covered[best] else None


def _spans_cut(o: TrackedObject, cuts: Sequence[int]) -> bool:
    frames = o.trajectory.frames
    return bool(frames) and any(frames[0] < c <= frames[-1] for c in cuts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.heldout", description=__doc__)
    parser.add_argument("scenes", nargs="*", choices=[[], *SCENE_NAMES], metavar="CLIP", help=", ".join(SCENE_NAMES))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the DAVIS clips")
    parser.add_argument("--keep", type=Path, help="write the clips here and leave them")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
