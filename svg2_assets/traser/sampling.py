"""Which frames of a video the model sees, at what size, and as which patches: as the released code does (§6.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import sparse

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.scene.video import FrameSource, Pixels, Video
from svg2_assets.traser.values import CELL, DEVIATION, FRAMES_A_STEP, MEAN, PATCH, PATCH_VALUES, Grid

PHASE = "traser"
MERGED = CELL // PATCH
MOST_ASPECT = 200  # of the longer side to the shorter, Qwen's own limit
LEAST_PIXELS, MOST_PIXELS = 64 * CELL * CELL, 768 * CELL * CELL  # of a frame, the released code's
SHARPNESS = -0.5  # of the cubic kernel, as Pillow and torchvision have it

FloatPixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many frames, and how many pixels of each: the released code's figures. Pixels are those of one frame."""

    fps: float = 1.0
    least_frames: int = 4
    most_frames: int = 128
    least_pixels: int = LEAST_PIXELS
    most_pixels: int = MOST_PIXELS


@dataclass(frozen=True, slots=True)
class Sampled:
    """What is taken of a video: frame `indices` [n] and their `times` [n] in seconds, the size they are scaled to."""

    indices: IntArray
    times: FloatArray
    height: int
    width: int

    @property
    def grid(self) -> Grid:
        """The visual tokens of the clip."""
        return grid_of(len(self.indices), self.height, self.width)


def sample(video: Video, sampling: Sampling | None = None) -> Sampled:
    """Frames and size for `video`. Raises `PhaseError` for a frame too long for its width."""
    how = sampling or Sampling()
    indices = frame_indices(video.num_frames, video.duration, fps=how.fps, least=how.least_frames, most=how.most_frames)
    if max(video.height, video.width) > MOST_ASPECT * min(video.height, video.width):
        raise PhaseError(
            video=video.uri,
            phase=PHASE,
            expected=f"a frame at most {MOST_ASPECT} times as long as it is wide",
            found=f"{video.height} x {video.width} pixels",
            remedy="Crop the video.",
        )
    height, width = smart_resize(video.height, video.width, least=how.least_pixels, most=how.most_pixels)
    times = np.asarray([video.time_of(int(i)) for i in indices], dtype=np.float64)
    return Sampled(indices, times, height, width)


def frame_indices(num_frames: int, seconds: float, *, fps: float = 1.0, least: int = 4, most: int = 128) -> IntArray:
    """Indices [n] of the frames seen, ascending: about `fps` a second, spread over the whole clip, both ends included.

    Fewer than `least` only where the clip has fewer frames.
    """
    wanted = min(max(round(seconds * fps), least), most)
    return np.unique(np.linspace(0, num_frames - 1, wanted).astype(np.int64))


def smart_resize(height: int, width: int, *, least: int = LEAST_PIXELS, most: int = MOST_PIXELS) -> tuple[int, int]:
    """The size (H', W') that Qwen's processor scales a frame to.

    Multiples of a cell's side, about `least` to `most` pixels, the aspect kept as well as that allows; never less than
    a cell, so that tiny setups may have no least. Raises `ValueError` for a frame too long for its width.
    """
    if max(height, width) > MOST_ASPECT * min(height, width):
        raise ValueError(f"a frame of {height} x {width} pixels is more than {MOST_ASPECT} times as long as wide")
    rows, columns = round(height / CELL), round(width / CELL)
    if rows * columns * CELL * CELL > most:
        shrink = math.sqrt(height * width / most)
        rows, columns = math.floor(height / shrink / CELL), math.floor(width / shrink / CELL)
    elif rows * columns * CELL * CELL < least:
        grow = math.sqrt(least / (height * width))
        rows, columns = math.ceil(height * grow / CELL), math.ceil(width * grow / CELL)
    return max(1, rows) * CELL, max(1, columns) * CELL


def grid_of(frames: int, height: int, width: int) -> Grid:
    """The grid of `frames` frames of `height` x `width` pixels, multiples of a cell; an odd last frame is paired with
    itself.
    """
    return Grid(math.ceil(frames / FRAMES_A_STEP), height // CELL, width // CELL)


def frames_of(source: FrameSource, sampled: Sampled) -> Pixels:
    """The sampled frames at their size, uint8 [n, H', W', 3] RGB. Raises `PhaseError` when some don't decode."""
    taken = np.empty((len(sampled.indices), sampled.height, sampled.width, 3), dtype=np.uint8)
    count = 0
    for frame in source.pick(sampled.indices.tolist()):
        taken[count] = resize(frame.pixels, sampled.height, sampled.width)
        count += 1
    if count != len(taken):
        raise PhaseError(
            video=source.video.uri,
            phase=PHASE,
            expected=f"{len(taken)} frames of {source.video.num_frames}",
            found=f"{count}",
            remedy="Register the video again: it may have been cut since.",
        )
    return taken


def resize(pixels: Pixels, height: int, width: int) -> Pixels:
    """`pixels` [H, W, C] uint8 scaled to [height, width, C]: bicubic with the kernel widened where it shrinks.

    Rows' values first, rounded to uint8 between the passes, as Pillow and torchvision do it.
    """
    wide = np.swapaxes(_scaled(np.swapaxes(pixels, 0, 1), width), 0, 1)
    return _scaled(wide, height)


def _scaled(pixels: Pixels, size: int) -> Pixels:
    """`pixels` [N, M, C] scaled to [size, M, C]."""
    if len(pixels) == size:
        return pixels
    flat = np.ascontiguousarray(pixels).reshape(len(pixels), -1).astype(np.float32)
    values = np.asarray(_cubic(len(pixels), size) @ flat)
    rounded: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded.reshape(size, *pixels.shape[1:])


@lru_cache(maxsize=32)
def _cubic(before: int, after: int) -> sparse.csr_matrix:
    """[after, before] weights of each value in each scaled one."""
    scale = before / after
    widened = max(scale, 1.0)
    centre = (np.arange(after) + 0.5) * scale
    first = np.maximum((centre - 2 * widened + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + 2 * widened + 0.5).astype(np.int64), before)
    column = first[:, None] + np.arange((last - first).max())
    weights = np.where(column < last[:, None], _kernel((column + 0.5 - centre[:, None]) / widened), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    row, place = np.nonzero(weights)
    return sparse.csr_matrix((weights[row, place].astype(np.float32), (row, column[row, place])), shape=(after, before))


def _kernel(distance: FloatArray) -> FloatArray:
    """Keys' cubic convolution kernel."""
    x, a = np.abs(distance), SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def patches_of(frames: Pixels) -> FloatPixels:
    """Patches [P, 1176] float32 of `frames` uint8 [n, H', W', 3] in Qwen2-VL's order, normalised as CLIP's.

    The four patches of a cell follow each other, so that cell i of the grid is patches `[4 i, 4 i + 4)`.
    """
    return normalised(bytes_of_patches(frames))


def bytes_of_patches(frames: Pixels) -> Pixels:
    """As `patches_of`, not yet normalised: uint8, a quarter of the memory."""
    paired = frames if len(frames) % FRAMES_A_STEP == 0 else np.concatenate([frames, frames[-1:]])
    grid = grid_of(len(paired), *paired.shape[1:3])
    steps, rows, columns = grid.steps, grid.rows, grid.cols
    split = paired.reshape(steps, FRAMES_A_STEP, rows, MERGED, PATCH, columns, MERGED, PATCH, 3)
    # step, row, column, row in cell, column in cell | channel, frame, pixel row, pixel column
    ordered = split.transpose(0, 2, 5, 3, 6, 8, 1, 4, 7)
    return np.asarray(ordered.reshape(grid.tokens * MERGED * MERGED, PATCH_VALUES))


def normalised(patches: Pixels) -> FloatPixels:
    """float32 of uint8 `patches` [P, 1176]: each channel to CLIP's mean and deviation."""
    value = np.arange(256) / 255
    channels = patches.reshape(len(patches), 3, -1)
    out = np.empty(channels.shape, dtype=np.float32)
    for channel in range(3):  # through a table of the 256 values: no temporary of the clip's size
        table = ((value - MEAN[channel]) / DEVIATION[channel]).astype(np.float32)
        out[:, channel] = table[channels[:, channel]]
    return out.reshape(patches.shape)
