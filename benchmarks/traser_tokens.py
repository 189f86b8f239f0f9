"""TRASER's token selection and arrangement on run lengths, beside the plain implementation that decodes every mask.

    python -m benchmarks.traser_tokens [--objects 40] [--frames 128] [--scene NAME ...] [--data DIR] [--json]

At the dimensions of the released model: 128 sampled frames, at most 768 cells of 28 pixels each. Scenes: the synthetic
world (hard) at 720p and 480p, and, where their file is found, real masklets of SA-V, repeated until there are enough.
Both ways start from the same RLEs and must give the same sequence and the same tokens for every slot.

Each way runs in a process of its own, on one thread. Time is processor time: of the plain way once, of ours the median
of five. Memory is what the process held at most (resident, by getrusage) above what it held when the masks were loaded
and everything was imported. The plain way needs a float table of all masks: when that is more than `--share` of what is
free, both ways get fewer frames, which the table says.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.data import DEFAULT_DATA, ROOT
from benchmarks.masklets import FILES, masklets_of
from benchmarks.tables import Table, load_note, show, verdict
from svg2_assets.scene.masks import IntArray, Mask
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.traser.arrangement import Clip, Marks, Plan, Slots, arrange
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.sampling import grid_of, smart_resize
from svg2_assets.traser.selection import tracks_of

FASTER, SMALLER = 20.0, 10.0  # targets: how many times less time, for selection alone too, and memory
REPEATS = 5
MARKS = Marks(1, 2, 3, 4, 5, 6, 7, 0)
PROMPT: tuple[list[int], list[int]] = ([500] * 29, [501] * 6)

Rles = list[list[Mask | None]]


@dataclass(frozen=True)
class Scene:
    """`masks` [objects][frames] of `height` x `width` pixels."""

    name: str
    height: int
    width: int
    masks: Rles


@dataclass(frozen=True)
class Measured:
    """Processor seconds of both steps, megabytes at most, and what came out (a digest, tokens selected, ids)."""

    select: float
    arrange: float
    peak_mb: float
    digest: str
    tokens: int
    ids: int


class Characters:
    """A tokenizer of one id a character: it costs both ways the same."""

    marks = MARKS

    def encode(self, text: str) -> list[int]:
        """Ids of `text`."""
        return [10 + ord(c) for c in text]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of `ids`."""
        return "".join(chr(i - 10) for i in ids if i >= 10)


def main() -> None:
    """Measure every scene both ways and print the table."""
    given = _arguments()
    if given.worker:
        print(json.dumps(vars(_work(given.worker, given.input))))
        return
    names = given.scene or list(SCENES)
    scenes = [s for name in names if (s := SCENES[name](given)) is not None]
    show(_tables(scenes, given.share), as_json=given.json)


def _tables(scenes: Sequence[Scene], share: float) -> list[Table]:
    times, memory, notes = [], [], [load_note()]
    for scene in scenes:
        part = _that_fits(scene, share)
        plain, ours = (_in_a_process(part, way) for way in WAYS)
        if plain.digest != ours.digest:
            raise SystemExit(f"{scene.name}: the two ways disagree: {plain} {ours}")
        frames, grid = len(part.masks[0]), _grid(part)
        size = f"{len(part.masks)} x {frames}, {scene.width}x{scene.height}"
        slow, fast = plain.select + plain.arrange, ours.select + ours.arrange
        shrunk = plain.peak_mb / max(ours.peak_mb, 1.0)
        steps = [plain.select, plain.arrange, ours.select, ours.arrange]
        times.append(
            [scene.name, size, *steps, f"{slow / fast:.0f}x", verdict(min(slow / fast, _select(plain, ours)) >= FASTER)]
        )
        cells = f"{grid.steps} x {grid.rows} x {grid.cols}"
        numbers = [ours.tokens, ours.ids, round(plain.peak_mb), round(ours.peak_mb)]
        memory.append([scene.name, cells, *numbers, f"1/{shrunk:.0f}", verdict(shrunk >= SMALLER)])
        if frames < len(scene.masks[0]):
            notes.append(
                f"{scene.name}: {frames} of {len(scene.masks[0])} frames, for more the plain way has no memory"
            )
    clock = ("plain: select", "arrange", "runs: select", "arrange ", "faster", f"{FASTER:.0f}x")
    held = ("tokens", "ids", "plain: MB", "runs: MB", "share", f"1/{SMALLER:.0f}")
    return [
        Table("TRASER, selection and arrangement: CPU seconds", ("scene", "objects x frames", *clock), times, notes),
        Table("The same: memory", ("scene", "grid", *held), memory, ["both ways gave the same ids, tokens, coverage"]),
    ]


def _select(plain: Measured, ours: Measured) -> float:
    return plain.select / ours.select


def _world(given: argparse.Namespace, *, name: str, height: int, width: int) -> Scene:
    """Objects of hard synthetic clips, a frame a second; of the next seed too where one has too few."""
    rows: Rles = []
    seed = 0
    while len(rows) < given.objects:
        how = WorldSettings.of(Difficulty.HARD, fps=1, seconds=given.frames, width=width, height=height, cut_chance=0)
        truth = World(how, seed=seed).truth
        shown = [truth.masks_at(i) for i in range(given.frames)]
        rows += [[frame.get(k) for frame in shown] for k in sorted({k for frame in shown for k in frame})]
        seed += 1
    return Scene(name, height, width, rows[: given.objects])


def _masklets(given: argparse.Namespace) -> Scene | None:
    """Real masklets, at six frames a second, forwards and backwards until the clip is long enough."""
    paths = [p for name in FILES if (p := Path(given.data) / name).is_file()]
    tracks = [t for p in paths for t in masklets_of(p)]
    if not tracks:
        return None
    there = max(t.frames[-1] + 1 for t in tracks)
    order = [i if (r // there) % 2 == 0 else there - 1 - i for r in range(given.frames) for i in [r % there]]
    rows = [[t.at(i) for i in order] for t in tracks]
    height, width = tracks[0].masks[0].height, tracks[0].masks[0].width
    return Scene("SA-V masklets", height, width, [rows[k % len(rows)] for k in range(given.objects)])


SCENES: dict[str, Callable[[argparse.Namespace], Scene | None]] = {
    "world-720p": lambda given: _world(given, name="synthetic 720p", height=720, width=1280),
    "world-480p": lambda given: _world(given, name="synthetic 480p", height=480, width=854),
    "masklets": _masklets,
}


def _grid(scene: Scene) -> Any:
    return grid_of(len(scene.masks[0]), *smart_resize(scene.height, scene.width))


def _that_fits(scene: Scene, share: float) -> Scene:
    """`scene` with as many frames as its float table may have."""
    grid, frames = _grid(scene), len(scene.masks[0])
    a_frame = 4 * 784 * grid.cells * len(scene.masks)
    room = int(share * _free_bytes() / a_frame) // 2 * 2
    return Scene(scene.name, scene.height, scene.width, [row[: max(2, min(frames, room))] for row in scene.masks])


def _free_bytes() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable"):
            return int(line.split()[1]) * 1024
    return 4 << 30


def _in_a_process(scene: Scene, way: str) -> Measured:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        rows = [[None if m is None else m.counts.decode() for m in row] for row in scene.masks]
        json.dump({"name": scene.name, "height": scene.height, "width": scene.width, "masks": rows}, file)
        file.flush()
        command = [sys.executable, "-m", "benchmarks.traser_tokens", "--worker", way, "--input", file.name]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{way} failed on {scene.name} (exit {done.returncode}): {done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout))


def _work(way: str, path: Path) -> Measured:
    read = json.loads(path.read_text())
    height, width = read["height"], read["width"]
    rows = [[None if c is None else Mask(height, width, c.encode()) for c in row] for row in read["masks"]]
    scene = Scene(read["name"], height, width, rows)
    return WAYS[way](scene)


def _plain(scene: Scene) -> Measured:
    import torch

    from benchmarks import traser_plain

    torch.set_num_threads(1)
    grid = _grid(scene)
    shape = (grid.steps, grid.rows, grid.cols)
    rles = [[None if m is None else m.rle for m in row] for row in scene.masks]
    traser_plain.select([[r if i < 2 else None for i, r in enumerate(row[:2])] for row in rles[:1]], (1, *shape[1:]))
    before, began = _resident_mb(), time.process_time()
    _, tokens, shares = traser_plain.select(rles, shape)
    selected = time.process_time()
    ids = traser_plain.Ids(MARKS.object_start, MARKS.object_end, MARKS.vision_start, MARKS.vision_end, MARKS.video)
    sequence, filled = traser_plain.arrange(tokens, shape, PROMPT, encode=Characters().encode, ids=ids)
    done = time.process_time()
    digest = _digest(sequence, filled, np.concatenate(shares))
    total = sum(len(t) for t in tokens)
    return Measured(selected - began, done - selected, _peak_mb() - before, digest, total, len(sequence))


def _ours(scene: Scene) -> Measured:
    preset = PRESETS["release"]
    grid, times = _grid(scene), np.arange(len(scene.masks[0]), dtype=np.float64)
    before = _resident_mb()
    spent = []
    for _ in range(REPEATS):
        plan = Plan(preset.arranging, Slots(), Characters())
        began = time.process_time()
        tracks = tracks_of(scene.masks, grid, preset.selecting, video=scene.name).tracks
        selected = time.process_time()
        arranged = arrange(Clip(grid, times, tracks), PROMPT, plan=plan)
        spent.append((selected - began, time.process_time() - selected))
    peak = _peak_mb() - before
    filled = [(g.start, g.tokens.tolist()) for g in arranged.groups]
    digest = _digest(arranged.ids.tolist(), filled, np.concatenate([t.coverage for t in tracks]))
    select, placed = (statistics.median(s) for s in zip(*spent, strict=True))
    return Measured(select, placed, peak, digest, sum(len(t.tokens) for t in tracks), len(arranged))


WAYS: dict[str, Callable[[Scene], Measured]] = {"plain": _plain, "runs": _ours}


def _digest(ids: Sequence[int], filled: Sequence[tuple[int, list[int]]], shares: IntArray | Any) -> str:
    told = json.dumps([list(ids), list(filled)]).encode()
    return hashlib.sha256(told + np.ascontiguousarray(shares, dtype=np.float32).tobytes()).hexdigest()


def _resident_mb() -> float:
    """What this process holds now; memory that it once held and gave back does not count."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return max(pages * resource.getpagesize() / 1e6, 0.0)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="TRASER's selection and arrangement: run lengths against decoding.")
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--frames", type=int, default=128)
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="all when left out")
    parser.add_argument("--data", default=str(DEFAULT_DATA))
    parser.add_argument("--share", type=float, default=0.7, help="of free memory that the plain way may fill")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", choices=list(WAYS), help=argparse.SUPPRESS)
    parser.add_argument("--input", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
