"""Training samples of TRASER a second, from a real store to collated batches.

Two sizes: the small clips of `configs/worlds/tiny.yaml` (8 frames of 224 x 336) and a realistic one (up to 40 objects
on 24 frames of 476 x 840). Each line is a fresh process, so that memory is its own; what a line reads was written
before. Beside the small ones stands what a step of the model of `configs/tiny.yaml` takes of them, on one thread.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.tables import Table, load_note, show
from resources.store.samples import StoredSamples
from resources.store.store import SceneGraphStore
from svg2_assets.synthetic.settings import Difficulty
from svg2_assets.traser.arrangement import Clip, Plan, Slots, blocks_of
from svg2_assets.traser.forms import read_form
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.samples.examples import ExampleMaker, told_of
from svg2_assets.traser.samples.loading import Loader
from svg2_assets.traser.samples.pictures import decode
from svg2_assets.traser.samples.publishing import publish_samples
from svg2_assets.traser.samples.rows import TABLE, from_row, to_row
from svg2_assets.traser.samples.stream import Stream, StreamSettings, stream_of
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.samples.world import WorldSampleSettings, build_clip, write_world
from svg2_assets.traser.sampling import bytes_of_patches, grid_of
from svg2_assets.traser.selection import tracks_of
from svg2_assets.traser.text import Clock, Task, answer_ids, prompt_ids, target_text
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer

T = TypeVar("T")

TAG = "benchmark"
CONFIGS = Path(__file__).parents[1] / "configs"
SMALL = read_form(WorldSampleSettings, CONFIGS / "worlds" / "tiny.yaml")
LARGE = WorldSampleSettings(
    difficulty=Difficulty.HARD,
    width=840,
    height=476,
    fps=1.0,
    seconds=24.0,
    world={"cut_chance": 0.0, "things": 30, "small_share": 0.1},
    parts=True,
    most_objects=40,
)
STEPS = 8  # of the tiny model that are timed
TARGET = 15.0  # clips a second of one core that rendering and writing aim at


@dataclass(frozen=True, slots=True)
class Way:
    """How batches are made: `workers` processes, or `waiting` batches ahead on a thread, or neither."""

    name: str
    workers: int
    waiting: int


MEMORY = ("MB before", "peak MB", "largest worker MB")
WAYS = (Way("in the loop", 0, 0), Way("thread beside it", 0, 2), Way("1 worker", 1, 2), Way("2 workers", 2, 2))


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process measured: seconds to the first batch, then samples a second; memory in MB."""

    first: float
    rate: float
    cpu: float
    before: float
    peak: float
    worker_peak: float
    batches: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Write, measure, print."""
    given = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        stores = {
            "small": _small_store(Path(folder) / "small", given.clips),
            "large": _large_store(Path(folder) / "large", given.large),
        }
        sizes = {"small": (given.batch, given.samples), "large": (1, given.large_samples)}
        tables = [stores[name][1] for name in stores]
        tables += [_loading(name, stores[name][0], *sizes[name], ways=WAYS[: given.ways]) for name in stores]
        tables += [_stages(name, stores[name][0]) for name in stores]
        tables.append(_consuming(stores["small"][0], given.batch))
    show(tables, as_json=given.json)
    return 0


def _small_store(folder: Path, clips: int) -> tuple[str, Table]:
    store = SceneGraphStore(str(folder))
    build_clip(SMALL, 0)
    wall, cpu = time.perf_counter(), time.process_time()
    written = write_world(store, SMALL, range(clips)).written
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    publish_samples(store, TAG)
    size = float(store.read(TABLE, columns=("size_bytes",))["size_bytes"].mean()) / 1000  # type: ignore[arg-type]
    row = ("small clips", written, size, written / wall, written / cpu)
    columns = ("written", "samples", "kB each", "a wall second", "a CPU second")
    return str(folder), Table("Synthetic clips into the store", columns, [row], [f"target: {TARGET:g} a CPU second"])


def _large_store(folder: Path, clips: int) -> tuple[str, Table]:
    """Four clips under as many names as are wanted: what is read is the same size, and drawing takes seconds each."""
    store = SceneGraphStore(str(folder))
    built = [b.sample for b in (build_clip(LARGE, seed) for seed in range(4)) if b.sample is not None]
    named = [replace(s.video, id=f"clip-{i:04d}") for i, s in zip(range(clips), _endless(built), strict=False)]
    rows = [to_row(replace(s, video=v)) for s, v in zip(_endless(built), named, strict=False)]
    for at in range(0, len(rows), 16):
        part = rows[at : at + 16]
        store.replace(TABLE, part, video_ids=[r["video_id"] for r in part])
    publish_samples(store, TAG)
    shown = [(len(s.objects), len(s.frames), f"{s.picture_size[0]} x {s.picture_size[1]}") for s in built]
    sizes = [(*what, to_row(s)["size_bytes"] / 1000) for what, s in zip(shown, built, strict=True)]
    return str(folder), Table("The large samples", ("objects", "frames", "pixels", "kB"), sizes)


def _endless(samples: Sequence[Sample]) -> Iterable[Sample]:
    while True:
        yield from samples


def _loading(name: str, uri: str, batch: int, samples: int, *, ways: Sequence[Way]) -> Table:
    rows = []
    for way in ways:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            f = fresh.submit(_measure, uri, way, batch, samples).result()
        rows.append((way.name, f.batches * batch, f.rate, f.cpu, f.first, f.before, f.peak, f.worker_peak))
    columns = ("batches made", "samples", "samples / s", "CPU ms each", "first after s", *MEMORY)
    notes = [
        f"batches of {batch}; rate and CPU (workers included) after the first batch",
        "memory begins with what torch, transformers and Lance take; a worker holds that as well",
        load_note(),
    ]
    return Table(f"From the store to collated batches: {name}", columns, rows, notes)


def _measure(uri: str, way: Way, batch: int, samples: int) -> Figures:
    from svg2_assets.traser.network.model import collate

    began = time.perf_counter()
    stream = _stream(uri)
    pad = stream.make.tokenizer.marks.pad  # type: ignore[attr-defined]
    before = _peak(os.getpid())
    loader = Loader(stream, partial(collate, pad=pad), batch=batch, workers=way.workers, waiting=way.waiting)
    batches = iter(loader)
    next(batches)
    first = time.perf_counter() - began
    count = max(1, samples // batch)
    processes = [os.getpid(), *(p.pid for p in active_children() if p.pid)]
    wall, cpu = time.perf_counter(), _cpu(processes)
    for _ in islice(batches, count):
        pass
    wall, cpu = time.perf_counter() - wall, _cpu(processes) - cpu
    own, *workers = (_peak(pid) for pid in processes)
    return Figures(
        first, count * batch / wall, 1000 * cpu / (count * batch), before, own, max(workers, default=0.0), count
    )  # fmt: skip


def _consuming(uri: str, batch: int) -> Table:
    """The loader beside the model, both by the CPU of a sample, in a process each."""
    rows: list[tuple[str, float, str]] = []
    for seen, name in ((False, ""), (True, ", tower asked once")):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            loaded = fresh.submit(_read, uri, batch, seen=seen).result()
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            learned = fresh.submit(_learned, uri, batch, seen=seen).result()
        rows += [(f"the loader, collated{name}", loaded, "")]
        rows += [(f"a step of the tiny model{name}", learned, f"{learned / loaded:.1f}x")]
    notes = [
        f"batches of {batch}; the model's of configs/tiny.yaml, one thread, batches that are there already",
        "tower asked once: `recipe.seen_once`, what it makes of the clips is in memory already",
        load_note(),
    ]
    return Table("What a small sample costs: loading it, learning from it", ("", "CPU ms", "ratio"), rows, notes)


def _read(uri: str, batch: int, *, seen: bool) -> float:
    """CPU milliseconds of a sample from the store to a collated batch."""
    from svg2_assets.traser.network.model import collate

    stream, _, tokenizer, _ = _tiny(uri, seen=seen)
    examples = stream.examples(epochs=None)
    for _ in range(len(stream) if seen else batch):  # they are seen, or the first has opened what there is to open
        next(examples)
    began = time.process_time()
    for _ in range(STEPS):
        collate(list(islice(examples, batch)), pad=tokenizer.marks.pad)
    return 1000 * (time.process_time() - began) / (STEPS * batch)


def _learned(uri: str, batch: int, *, seen: bool) -> float:
    """CPU milliseconds of a sample in a step of the tiny model, loading left out."""
    from svg2_assets.traser.network.model import collate
    from svg2_assets.traser.training.groups import optimiser_of, parameter_groups
    from svg2_assets.traser.training.learning import Learner

    stream, setup, tokenizer, model = _tiny(uri, seen=seen)
    learner = Learner(model, setup.objectives).train()
    groups = parameter_groups(learner, setup.recipe)
    optimiser = optimiser_of([{k: v for k, v in g.items() if k != "names"} for g in groups], setup.recipe)
    made = stream.examples(epochs=None)
    batches = [list(islice(made, batch)) for _ in range(STEPS + 1)]
    taken = 0.0
    for number, examples in enumerate(batches):
        ready = collate(examples, pad=tokenizer.marks.pad)
        began = time.process_time()
        found = learner(ready, examples, (0, number))
        found["loss"].backward()
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        taken += time.process_time() - began if number else 0.0  # the first one warms
    return 1000 * taken / (STEPS * batch)


def _tiny(uri: str, *, seen: bool) -> tuple[Stream[Any], Any, QwenTokenizer, Any]:
    """Samples, setup, tokenizer and model of `configs/tiny.yaml`, on one thread."""
    import torch

    from svg2_assets.traser.training.building import maker_of, model_of
    from svg2_assets.traser.training.groups import freeze
    from svg2_assets.traser.training.looking import Looking
    from svg2_assets.traser.training.settings import read_setup

    torch.set_num_threads(1)
    setup, tokenizer = read_setup(CONFIGS / "tiny.yaml", changes=[f"recipe.seen_once={seen}"]), _tokenizer()
    model = model_of(setup, tokenizer)
    freeze(model, setup.recipe)
    make = maker_of(setup, tokenizer, model)
    source = StoredSamples(SceneGraphStore(uri).at_tag(TAG))
    return stream_of(source, Looking(make, model) if seen else make, StreamSettings()), setup, tokenizer, model


def _cpu(processes: Sequence[int]) -> float:
    """CPU seconds of `processes` so far."""
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in processes]
    return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    """The most memory that a process has held since its program began, MB."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024


def _stages(name: str, uri: str) -> Table:
    """What one sample costs, stage by stage."""
    stream = _stream(uri)
    maker: Any = stream.make
    addresses = [stream.order.at(p).address for p in range(min(16, len(stream)))]
    rows, read = _timed(lambda: stream.source.take(addresses), per=len(addresses))
    # A CRC-32 over all bytes is in it.
    samples, parsed = _timed(lambda: [from_row(rows[a]) for a in addresses], per=len(addresses))  # type: ignore[arg-type]
    stages = {"read from the store": read, "row to sample, checksum": parsed}
    stages |= _costs(samples, maker)
    whole = sum(stages.values())
    table = [(stage, ms, f"{ms / whole:.0%}") for stage, ms in stages.items()]
    return Table(f"CPU of one sample: {name}", ("stage", "ms", "share"), [*table, ("all", whole, "")])


def _costs(samples: Sequence[Sample], maker: ExampleMaker) -> dict[str, float]:
    count, preset, tokenizer = len(samples), maker.preset, maker.tokenizer
    size = samples[0].picture_size
    grid = grid_of(len(samples[0].frames), *size)
    frames, decoded = _timed(lambda: [decode(s.pictures, height=size[0], width=size[1]) for s in samples], per=count)
    _, patched = _timed(lambda: [bytes_of_patches(f) for f in frames], per=count)
    selected, pooled = _timed(
        lambda: [tracks_of(s.masks, grid, preset.selecting, video=s.video.id) for s in samples], per=count
    )
    plan = Plan(preset.arranging, maker.slots, tokenizer)
    clips = [Clip(grid, s.times, t.tracks) for s, t in zip(samples, selected, strict=True)]
    _, blocks = _timed(lambda: [blocks_of(c, plan) for c in clips], per=count)

    def told(sample: Sample) -> list[int]:
        text = target_text(told_of(sample, sample.objects), task=Task.SCENE_GRAPH, clock=Clock(sample.video.duration))
        return [*prompt_ids(Task.SCENE_GRAPH, tokenizer)[0], *answer_ids(text, tokenizer)]

    _, texts = _timed(lambda: [told(s) for s in samples], per=count)
    return {
        "decode pictures": decoded,
        "frames to patches": patched,
        "masks to coverage and tokens": pooled,
        "blocks of the sequence": blocks,
        "texts to ids": texts,
    }


def _timed(work: Callable[[], T], *, per: int) -> tuple[T, float]:
    """What `work` gives, and its CPU milliseconds, warm."""
    work()
    began = time.process_time()
    result = work()
    return result, 1000 * (time.process_time() - began) / per


def _stream(uri: str) -> Stream[Any]:
    maker = ExampleMaker(PRESETS["default"], _tokenizer(), slots=Slots(8, 8))
    source = StoredSamples(SceneGraphStore(uri).at_tag(TAG))
    return stream_of(source, maker, StreamSettings())


def _tokenizer() -> QwenTokenizer:
    samples = [b.sample for b in (build_clip(SMALL, seed) for seed in range(8)) if b.sample is not None]
    texts = [target_text(told_of(s, s.objects), task=Task.SCENE_GRAPH, clock=Clock(s.video.duration)) for s in samples]
    return train_tokenizer([*texts, "Output the Video Scene Graph", "<0 - 4 sec>"], size=800)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traser_loader", description=__doc__)
    parser.add_argument("--clips", type=int, default=200, help="small clips in the store")
    parser.add_argument("--samples", type=int, default=400, help="small samples read for a line")
    parser.add_argument("--batch", type=int, default=8, help="small samples a batch")
    parser.add_argument("--large", type=int, default=32, help="large clips in the store")
    parser.add_argument("--large-samples", type=int, default=32, help="large samples read for a line")
    parser.add_argument("--ways", type=int, default=len(WAYS), choices=range(1, len(WAYS) + 1), help="how many lines")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
