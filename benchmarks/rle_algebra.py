"""Pairwise co-visible containment: operations on runs, beside two ways of decoding with pycocotools and numpy.

    python -m benchmarks.rle_algebra [--objects 65] [--frames 300] [--height 720] [--width 1280] [--decoded-frames 20]

Blobs drift over the picture, vanish for a while, and some lie inside others, as a busy scene looks after tracking. All
ways get the same RLEs and must give the same shares. Time is processor time. Memory is what a way allocates at most
(Python and numpy, by tracemalloc, on a few frames: none of them keeps more than one). The decoding ways are timed on
`--decoded-frames` frames and scaled, because they take minutes; give as many as `--frames` to run them whole.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Sequence
from itertools import permutations

import numpy as np
from pycocotools import mask as coco
from rich.console import Console
from rich.table import Table

from benchmarks.algebra import decoded_containment
from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory, covisible_containment

RATIO = 0.9
FRAMES_FOR_MEMORY = 2
PERIOD = 60  # frames after which the scene repeats: enough variety, and quick to draw

Way = Callable[[list[Trajectory]], tuple[FloatArray, FloatArray]]


def main() -> None:
    """Measure all ways and print a table."""
    given = _arguments()
    tracks = make_scene(given.objects, given.frames, height=given.height, width=given.width)
    part = _first(tracks, given.decoded_frames)
    ways: dict[str, Way] = {
        "decode, pixels x pixels": decoded_containment,
        "decode, crop to boxes": cropped_containment,
    }
    rows = [(name, *_measured(way, part, given.frames / given.decoded_frames)) for name, way in ways.items()]
    seconds, peak = _measured(covisible_containment, tracks, 1.0)
    _check_agreement(part, list(ways.values()))
    sizes = [len(m.counts) for t in tracks for m in t.masks]
    scene = f"{given.objects} objects x {given.frames} frames, {given.width}x{given.height}"
    table = Table("way", "CPU s", "peak MB", "runs are faster", title=f"{scene}, {np.mean(sizes):.0f} bytes a mask")
    for name, slow, memory in rows:
        table.add_row(name, f"{slow:.2f}", f"{memory:.1f}", f"{slow / seconds:.0f}x")
    table.add_row("covisible_containment", f"{seconds:.2f}", f"{peak:.1f}", "")
    Console().print(table)


def cropped_containment(tracks: list[Trajectory]) -> tuple[FloatArray, FloatArray]:
    """Decode a frame's masks once, and count common pixels only where the boxes of a pair overlap."""
    n = len(tracks)
    together, inside = np.zeros((n, n)), np.zeros((n, n))
    for frame in sorted({f for t in tracks for f in t.frames}):
        shown = {i: m for i, t in enumerate(tracks) if (m := t.at(frame)) is not None}
        together[np.ix_(list(shown), list(shown))] += 1
        pixels = {i: coco.decode(m.rle).view(bool) for i, m in shown.items()}
        boxes = {i: coco.toBbox(m.rle).astype(int) for i, m in shown.items()}
        for i in shown:
            inside[i, i] += 1
        for i, j in permutations(shown, 2):
            left, top = np.maximum(boxes[i][:2], boxes[j][:2])
            right, bottom = np.minimum(boxes[i][:2] + boxes[i][2:], boxes[j][:2] + boxes[j][2:])
            if left < right and top < bottom:
                crop = np.s_[top:bottom, left:right]
                common = np.count_nonzero(pixels[i][crop] & pixels[j][crop])
                inside[i, j] += common >= RATIO * coco.area(shown[i].rle)
    return together, np.divide(inside, together, out=np.zeros((n, n)), where=together > 0)


def make_scene(objects: int, frames: int, *, height: int, width: int, seed: int = 0) -> list[Trajectory]:
    """Trajectories of wobbling blobs with radii of 2 to 10 % of the height; every third sits inside the one before."""
    rng = np.random.default_rng(seed)
    tracks: list[Trajectory] = []
    at, way, radius = np.zeros(2), np.zeros(2), 0.0
    for i in range(objects):
        if i % 3 == 2:
            radius *= 0.5
        else:
            at, way = rng.uniform((0, 0), (width, height)), rng.uniform(-2, 2, 2)
            radius = height * rng.uniform(0.02, 0.1)
        shown = [f for f in range(frames) if (f + 11 * i) % 50 >= 5]
        masks = [_blob(at + way * f, radius, phase=f, size=(height, width)) for f in range(min(frames, PERIOD))]
        tracks.append(Trajectory.of(shown, [masks[f % PERIOD] for f in shown]))
    return tracks


def _blob(centre: FloatArray, radius: float, *, phase: int, size: tuple[int, int]) -> Mask:
    """A disc with five waves around it that turn with `phase`, bouncing off the borders."""
    height, width = size
    x, y = (abs((c + n) % (2 * n) - n) for c, n in zip(centre, (width - 1, height - 1), strict=True))
    reach = int(radius * 1.3) + 1
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    rows, columns = np.ogrid[top : min(height, int(y) + reach), left : min(width, int(x) + reach)]
    edge = radius * (1 + 0.2 * np.sin(5 * np.arctan2(rows - y, columns - x) + 0.2 * phase))
    pixels = np.zeros(size, dtype=bool)
    pixels[top : top + rows.shape[0], left : left + columns.shape[1]] = np.hypot(rows - y, columns - x) <= edge
    return Mask.from_array(pixels)


def _first(tracks: Sequence[Trajectory], frames: int) -> list[Trajectory]:
    """What is visible on the first `frames` frames."""
    kept = [(t, sum(f < frames for f in t.frames)) for t in tracks]
    return [Trajectory(t.frames[:n], t.masks[:n]) for t, n in kept if n]


def _measured(way: Way, tracks: list[Trajectory], scale: float) -> tuple[float, float]:
    """Processor seconds times `scale`, and peak MB."""
    began = time.process_time()
    way(tracks)
    seconds = (time.process_time() - began) * scale
    tracemalloc.start()
    way(_first(tracks, FRAMES_FOR_MEMORY))
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, peak


def _check_agreement(tracks: list[Trajectory], ways: Sequence[Way]) -> None:
    expected = covisible_containment(tracks, ratio=RATIO)
    for way in ways:
        assert all(np.allclose(a, b) for a, b in zip(way(tracks), expected, strict=True)), "the ways disagree"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pairwise co-visible containment: runs against decoding.")
    defaults = {"objects": 65, "frames": 300, "height": 720, "width": 1280, "decoded-frames": 20}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
