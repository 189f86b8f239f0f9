"""Pairwise co-visible containment: operations on runs, beside decoding with pycocotools and counting with numpy.

    python -m benchmarks.rle_algebra [--objects 65] [--frames 300] [--height 720] [--width 1280]

Blobs drift over the picture, vanish for a while, and some lie inside others, as a busy scene looks after tracking.
Both sides get the same RLEs, and must give the same shares. Time is processor time; memory is what the computation
itself allocates at most (Python and numpy, by tracemalloc, in a second pass).
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
from pycocotools import mask as coco
from rich.console import Console
from rich.table import Table

from svg2_assets.scene.masks import FloatArray, Mask
from svg2_assets.scene.trajectory import Trajectory, covisible_containment

Measured = tuple[float, float, tuple[FloatArray, FloatArray]]


def main() -> None:
    """Measure both sides and print a table."""
    arguments = _arguments()
    tracks = make_scene(arguments.objects, arguments.frames, height=arguments.height, width=arguments.width)
    masks = [m for t in tracks for m in t.masks]
    size = f"{arguments.objects} objects x {arguments.frames} frames, {arguments.width}x{arguments.height}"
    bytes_each = np.mean([len(m.counts) for m in masks])
    table = Table(title=f"{size}: {len(masks)} masks of {bytes_each:.0f} bytes")
    for column in ("way", "CPU s", "peak MB", "times faster"):
        table.add_column(column, justify="left" if column == "way" else "right")
    slow = measure(decode_and_count, tracks)
    fast = measure(covisible_containment, tracks)
    assert all(np.allclose(a, b) for a, b in zip(slow[2], fast[2], strict=True)), "the two ways disagree"
    table.add_row("pycocotools decode + numpy", f"{slow[0]:.2f}", f"{slow[1]:.1f}", "1.0")
    table.add_row("covisible_containment", f"{fast[0]:.2f}", f"{fast[1]:.1f}", f"{slow[0] / fast[0]:.1f}")
    Console().print(table)


def decode_and_count(tracks: Sequence[Trajectory], *, ratio: float = 0.9) -> tuple[FloatArray, FloatArray]:
    """The straightforward way: decode a frame's masks once, and count common pixels of all pairs as one product."""
    n = len(tracks)
    together, inside = np.zeros((n, n)), np.zeros((n, n))
    for frame in sorted({f for t in tracks for f in t.frames}):
        present = [(i, m) for i, t in enumerate(tracks) if (m := t.at(frame)) is not None]
        block = np.ix_([i for i, _ in present], [i for i, _ in present])
        pixels = coco.decode([m.rle for _, m in present]).reshape(-1, len(present)).astype(np.float32)
        common = pixels.T @ pixels
        together[block] += 1
        inside[block] += common / np.diag(common)[:, None] >= ratio
    return together, np.divide(inside, together, out=np.zeros((n, n)), where=together > 0)


def measure(
    way: Callable[[Sequence[Trajectory]], tuple[FloatArray, FloatArray]], tracks: Sequence[Trajectory]
) -> Measured:
    """Processor seconds, peak MB allocated, and the result."""
    start = time.process_time()
    result = way(tracks)
    seconds = time.process_time() - start
    few = [Trajectory(t.frames[:20], t.masks[:20]) for t in tracks]
    tracemalloc.start()
    way(few)
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    return seconds, peak, result


def make_scene(objects: int, frames: int, *, height: int, width: int, seed: int = 0) -> list[Trajectory]:
    """Trajectories of wobbling blobs of 2 to 20 % of the height; every third rides on the one before it."""
    rng = np.random.default_rng(seed)
    paths: list[Trajectory] = []
    carrier = None
    for i in range(objects):
        nested = i % 3 == 2 and carrier is not None
        radius = height * rng.uniform(0.02, 0.1) * (0.5 if nested else 1.0)
        start = carrier if nested and carrier is not None else (rng.uniform(0, width), rng.uniform(0, height))
        speed = rng.uniform(-1, 1, 2) * (0.0 if nested else 2.0)
        carrier = (float(start[0]), float(start[1]))
        gone = set(range(int(rng.integers(frames)), frames, 7)) if i % 5 == 0 else set()
        shown = [f for f in range(frames) if f not in gone]
        masks = [_blob((start[0] + speed[0] * f, start[1] + speed[1] * f), radius, f, height, width) for f in shown]
        paths.append(Trajectory.of(shown, masks))
    return paths


def _blob(centre: tuple[float, float], radius: float, phase: int, height: int, width: int) -> Mask:
    """A disc with five waves around it that turn with `phase`, bouncing off the borders."""
    x, y = (abs((c + n) % (2 * n) - n) for c, n in zip(centre, (width - 1, height - 1), strict=True))
    pixels = np.zeros((height, width), dtype=bool)
    reach = int(radius * 1.3) + 1
    top, left = max(0, int(y) - reach), max(0, int(x) - reach)
    rows, columns = np.ogrid[top : min(height, int(y) + reach), left : min(width, int(x) + reach)]
    angle, distance = np.arctan2(rows - y, columns - x), np.hypot(rows - y, columns - x)
    edge = radius * (1 + 0.2 * np.sin(5 * angle + 0.2 * phase))
    pixels[top : top + rows.shape[0], left : left + columns.shape[1]] = distance <= edge
    return Mask.from_array(pixels)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Pairwise co-visible containment, RLE against decoding.")
    for name, default in (("objects", 65), ("frames", 300), ("height", 720), ("width", 1280)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


if __name__ == "__main__":
    main()
