"""What SAM 2 costs under each preset, on the exact architecture with random weights.

Random weights see nothing, so the oracle says what is seen, and the network does all the work that the preset asks for:
every call goes to both. Started by `benchmarks.tracking` as a process of its own for each run, so that time and the
peak of memory belong to it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.data import ROOT
from benchmarks.tables import Table, load_note, verdict
from resources.oracle.errors import Errors
from resources.oracle.segmenter import OracleSegmenter
from resources.oracle.tracker import OracleTracker
from resources.sam2.engine import Engine
from resources.sam2.segmenter import Sam2Segmenter
from resources.sam2.settings import FollowSettings, ModelSettings, SegmentSettings
from resources.sam2.tracker import Sam2MaskTracker
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.video import Frame, FrameSource
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.world import World
from svg2_assets.trajectories.panoptic.pipeline import PanopticTracker
from svg2_assets.trajectories.panoptic.protocols import Proposal, Tracked, TrackSession, Vectors
from svg2_assets.trajectories.panoptic.settings import PanopticSettings, Preset

FPS, CYCLE = 30.0, 10.0
SMALL_GRID = (8,)
PASSING = 0.8  # share of points whose mask passes: 822 of 1,024 in the reference run of the released code


@dataclass(frozen=True, slots=True)
class Setup:
    """Which network, where it runs, on frames of which size (pixels), and the grids of points of its segmenter."""

    device: str = "cpu"
    size: str = "tiny"
    image_size: int = 256
    width: int = 256
    height: int = 192
    points: tuple[int, ...] = (32, 16, 4)

    @property
    def arguments(self) -> list[str]:
        """As `main` takes them."""
        given = ("device", "size", "image_size", "width", "height")
        named = [part for name in given for part in (f"--{name.replace('_', '-')}", str(getattr(self, name)))]
        return [*named, "--points", *map(str, self.points)]

    def __str__(self) -> str:
        grids = "/".join(map(str, self.points))
        network = f"SAM 2 {self.size} on {self.device}, {self.image_size} px, random weights"
        return f"{network}, {self.width}x{self.height}, grids {grids}"


COLUMNS = ("encoder passes", "looks for new objects", "object frames", "wall s", "CPU s", "peak MB", "device MB")


class Shuttle:
    """The first `frames` of a synthetic clip played forwards and backwards, with its truth for `objects` objects."""

    def __init__(self, frames: int, objects: int, *, width: int, height: int) -> None:
        settings = WorldSettings.of(Difficulty.HARD, width=width, height=height, fps=FPS, seconds=CYCLE, most_cuts=0)
        self._world = World(settings, seed=7)
        self._cycle = self._world.video.num_frames - 1
        self.video = replace(self._world.video, num_frames=frames, duration=frames / FPS)
        whole = {o.id for o in self._world.truth.objects if o.part_of is None}
        tracks = {i: t for i, t in self._world.truth.trajectories().items() if i in whole}
        longest = sorted(tracks, key=lambda i: (-len(tracks[i]), -float(tracks[i].areas.mean())))[:objects]
        self._ids = frozenset(longest)
        self.appearances = {i: v for i, v in enumerate(np.eye(max(tracks) + 1, dtype=np.float32)) if i in self._ids}

    def frames(self, *, height: int | None = None) -> Iterator[Frame]:
        """All of them."""
        return self.pick(range(self.video.num_frames), height=height)

    def pick(self, indices: Sequence[int], *, height: int | None = None) -> Iterator[Frame]:
        """Some of them."""
        for index in indices:
            (frame,) = self._world.pick([self._place(index)], height=height)
            yield Frame(index, index / FPS, frame.pixels)

    def masks_at(self, index: int) -> dict[int, Mask]:
        """The truth."""
        return {i: m for i, m in self._world.truth.masks_at(self._place(index)).items() if i in self._ids}

    def _place(self, index: int) -> int:
        there, back = index % (2 * self._cycle), 2 * self._cycle - index % (2 * self._cycle)
        return min(there, back)


class PaidSegmenter:
    """Says what the oracle says after the network has done the work."""

    def __init__(self, paid: Sam2Segmenter, oracle: OracleSegmenter) -> None:
        self._paid, self._oracle = paid, oracle

    @property
    def model_id(self) -> str:
        """The network's."""
        return self._paid.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """The network's."""
        return self._paid.config

    def segment(
        self, frame: Frame, *, focus: Mask | None = None, known: Mask | None = None, closely: bool = True
    ) -> tuple[Proposal, ...]:
        """Both."""
        self._paid.segment(frame, focus=focus, known=known, closely=closely)
        return self._oracle.segment(frame, focus=focus, known=known, closely=closely)


class PaidTracker:
    """Sees what the oracle sees after the network has done the work."""

    def __init__(self, paid: Sam2MaskTracker, oracle: OracleTracker) -> None:
        self._paid, self._oracle = paid, oracle

    @property
    def model_id(self) -> str:
        """The network's."""
        return self._paid.model_id

    @property
    def config(self) -> Mapping[str, Any]:
        """The network's."""
        return self._paid.config

    @contextmanager
    def session(self, source: FrameSource) -> Iterator[TrackSession]:
        """Both."""
        with ExitStack() as stack:
            yield PaidSession(*(stack.enter_context(t.session(source)) for t in (self._paid, self._oracle)))


class PaidSession:
    """Every call goes to the network and to the oracle, whose answer counts."""

    def __init__(self, paid: TrackSession, oracle: TrackSession) -> None:
        self._paid, self._oracle = paid, oracle

    def prompt(self, frame: Frame, masks: Mapping[int, Mask]) -> None:
        """Both."""
        self._paid.prompt(frame, masks)
        self._oracle.prompt(frame, masks)

    def advance(self, frame: Frame) -> dict[int, Tracked]:
        """Both."""
        self._paid.advance(frame)
        return self._oracle.advance(frame)

    def retrace(self, index: int, ids: Collection[int]) -> dict[int, Tracked]:
        """Both."""
        self._paid.retrace(index, ids)
        return self._oracle.retrace(index, ids)

    def forget(self, ids: Collection[int]) -> None:
        """Both."""
        self._paid.forget(ids)
        self._oracle.forget(ids)

    def embed(self, frame: Frame, masks: Sequence[Mask]) -> Vectors:
        """Both."""
        self._paid.embed(frame, masks)
        return self._oracle.embed(frame, masks)

    @property
    def statistics(self) -> Mapping[str, float]:
        """What the network spent."""
        return self._paid.statistics


def cost_table(setup: Setup, *, frames: int, objects: int) -> Table:
    """Both presets in a process of their own on the same clip; `paper` does the work of `release`."""
    found = {p: measured(p, setup, frames=frames, objects=objects) for p in (Preset.DEFAULT, Preset.RELEASE)}
    ours, theirs = found[Preset.DEFAULT], found[Preset.RELEASE]
    columns = ("preset", *(name for name in COLUMNS if name in ours))
    rows = [[preset.value, *(f[name] for name in columns[1:])] for preset, f in found.items()]
    passes, wall = (ours[k] / theirs[k] for k in ("encoder passes", "wall s"))
    notes = [
        f"encoder passes, default over release: {passes:.2f}, at most 1/2: {verdict(passes <= 0.5)}",
        f"wall time, default over release: {wall:.2f}, at most 1/3: {verdict(wall <= 1 / 3)}",
        load_note(),
    ]
    return Table(f"{setup}, {frames} frames, {objects} objects", columns, rows, notes)


def memory_table(setup: Setup, lengths: Sequence[int], *, objects: int, together: int = 1) -> Table:
    """Peak memory by length, `default` beside `release`; `together` runs go on at a time, so times are no measure.

    With one small grid: what a look takes does not depend on the length.
    """
    setup = replace(setup, points=SMALL_GRID)
    asked = [(preset, frames) for frames in lengths for preset in (Preset.DEFAULT, Preset.RELEASE)]
    with ThreadPoolExecutor(together) as pool:
        done = list(pool.map(lambda a: measured(a[0], setup, frames=a[1], objects=objects), asked))
    found = dict(zip(asked, done, strict=True))
    kinds = [k for k in ("peak MB", "device MB") if k in done[0]]
    rows = [[n, *(found[p, n][k] for k in kinds for p in (Preset.DEFAULT, Preset.RELEASE))] for n in lengths]
    columns = ("frames", *(f"{p.value} {k}" for k in kinds for p in (Preset.DEFAULT, Preset.RELEASE)))
    notes = [_flatness([found[Preset.DEFAULT, n][k] for n in lengths], k) for k in kinds]
    return Table(f"Peak memory by length: {setup}, {objects} objects", columns, rows, notes)


def _flatness(peaks: Sequence[float], kind: str) -> str:
    rise = max(peaks) / min(peaks) - 1
    return f"default, {kind}: largest over smallest {rise:+.1%}, at most 10 %: {verdict(rise <= 0.1)}"


def measured(preset: Preset, setup: Setup, *, frames: int, objects: int) -> dict[str, float]:
    """One run in a fresh process."""
    of_run = [preset.value, str(frames), str(objects), *setup.arguments]
    command = [sys.executable, "-m", "benchmarks.sam2_cost", *of_run]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(preset: Preset, setup: Setup, *, frames: int, objects: int) -> dict[str, float]:
    """Track and say what it cost."""
    clip = Shuttle(frames, objects, width=setup.width, height=setup.height)
    model = ModelSettings(size=setup.size, random_weights=True, image_size=setup.image_size, device=setup.device)
    engine = Engine(replace(model, cache_megabytes=64, spill_megabytes=256))
    good = SegmentSettings(points_per_side=setup.points, least_iou=_passing(engine, clip), least_stability=-1.0)
    tracker = PanopticTracker(
        PaidSegmenter(Sam2Segmenter(engine, good), OracleSegmenter(clip, Errors.none())),
        PaidTracker(Sam2MaskTracker(engine, FollowSettings()), OracleTracker(clip, Errors.none())),
        PanopticSettings(preset=preset),
    )
    wall, cpu = time.perf_counter(), time.process_time()
    result = tracker.track(clip)
    return {
        "encoder passes": result.statistics["image_encoder_passes"],
        "looks for new objects": result.statistics["checks"],
        "object frames": result.statistics["object_frames"],
        "wall s": time.perf_counter() - wall,
        "CPU s": time.process_time() - cpu,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "objects": len(result.objects),
        **_on_device(engine),
    }


def _on_device(engine: Engine) -> dict[str, float]:
    """Peak of the device's own memory, where torch counts it."""
    import torch

    return {"device MB": torch.cuda.max_memory_allocated() / 2**20} if engine.device.type == "cuda" else {}


def _passing(engine: Engine, clip: Shuttle) -> float:
    """The estimated IoU that `PASSING` of the points of a grid reach."""
    import torch

    (frame,) = clip.pick([0])
    side = torch.linspace(0, engine.settings.image_size, 16)
    points = torch.stack(torch.meshgrid(side, side, indexing="xy"), dim=-1).reshape(-1, 2)
    with engine.running():
        _, scores = engine.network.prompt_points(points.to(engine.device), engine.features(frame))
    return float(torch.quantile(scores.float(), 1 - PASSING))


def add_setup(parser: argparse.ArgumentParser) -> None:
    """The options that `setup_of` reads."""
    usual = Setup()
    parser.add_argument("--device", default=usual.device, help="cpu, cuda, mps")
    parser.add_argument("--size", default=usual.size, help="of SAM 2.1")
    parser.add_argument("--image-size", type=int, default=usual.image_size, help="side of the network's square")
    parser.add_argument("--width", type=int, default=usual.width, help="of the frames for SAM 2")
    parser.add_argument("--height", type=int, default=usual.height, help="of the frames for SAM 2")
    parser.add_argument("--points", type=int, nargs="+", default=list(usual.points), help="grid by layer of crops")


def setup_of(given: argparse.Namespace) -> Setup:
    """What was asked for."""
    return Setup(given.device, given.size, given.image_size, given.width, given.height, tuple(given.points))


def main(arguments: Sequence[str] | None = None) -> int:
    """One run; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("preset", type=Preset)
    parser.add_argument("frames", type=int)
    parser.add_argument("objects", type=int)
    add_setup(parser)
    given = parser.parse_args(arguments)
    print(json.dumps(run(given.preset, setup_of(given), frames=given.frames, objects=given.objects)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
