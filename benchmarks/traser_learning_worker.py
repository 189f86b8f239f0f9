"""One run of `benchmarks.traser_learning`: trains a system and writes what it makes of held-out clips."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from resources.store.schemas import TABLES
from svg2_assets.traser.samples.rows import from_row, to_row
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.samples.world import HELD_OUT, WorldSampleSettings, build_clip

WORLD = WorldSampleSettings(
    width=168,
    height=112,
    seconds=8.0,
    world={"cut_chance": 0.0, "things": 3, "small_share": 0.0},
    most_objects=8,
    attributes=frozenset({"color", "pattern"}),
)
HIDDEN, HEAD, PLACED = 96, 24, 16
"""Width, a resampler's head, and how much wider it is in systems without place: then all have as many weights."""

SYSTEMS: Mapping[str, dict[str, Any]] = {
    "none": {"preset": "release", "resamplers": "none"},
    "OTR": {"preset": "release", "resamplers": "object"},
    "TWR": {"preset": "release", "resamplers": "window"},
    "both": {"preset": "release", "resamplers": "both"},
    "default": {"preset": "default", "objectives": {"contrast": 0.5}},
    "default, no contrast": {"preset": "default"},
}


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    system: str
    seed: int
    steps: int
    batch: int
    clips: int
    held_out: int
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """Of its files."""
        words = "".join(c if c.isalnum() else "-" for c in self.system)
        return f"{words}-seed{self.seed}-{self.steps}x{self.batch}-of{self.clips}-on{self.held_out}"


@dataclass
class Feed:
    """A `loop.Feed` from memory: pools of eight batches are sorted by length, so that little is padded.

    It ends after `seconds`, where given: a run on a machine that is lent for minutes is cut rather than lost.
    """

    examples: Sequence[Any]
    patches: Sequence[np.ndarray]
    batch: int
    seed: int
    seconds: float = 0.0
    taken: int = field(default=0)

    def batches(self) -> Iterator[Sequence[Any]]:
        """Without end."""
        random, began = np.random.default_rng(self.seed), time.monotonic()
        if len(self.examples) < self.batch:
            raise ValueError(f"{len(self.examples)} clips give no batch of {self.batch}")
        rounds = min(8, len(self.examples) // self.batch)
        pool = rounds * self.batch
        while True:
            order = random.permutation(len(self.examples))
            for first in range(0, len(order) - pool + 1, pool):
                part = sorted(order[first : first + pool], key=lambda k: len(self.examples[k].arranged))
                for at in random.permutation(rounds):
                    if self.seconds and time.monotonic() - began > self.seconds:
                        return
                    self.taken += 1
                    yield [self.whole(k) for k in part[at * self.batch : (at + 1) * self.batch]]

    def whole(self, k: int) -> Any:
        """An example with its patches."""
        from svg2_assets.traser.sampling import normalised

        return replace(self.examples[k], patches=normalised(self.patches[k]))

    def state(self) -> Mapping[str, Any]:
        """How far it is."""
        return {"taken": self.taken}

    def held_out(self) -> Iterator[Sequence[Any]]:
        """None: they are judged at the end."""
        return iter(())


def write_clips(folder: Path, *, train: int, held_out: int, processes: int) -> None:
    """The clips as samples in Parquet files, rendered where they are not there yet."""
    for name, first, count in (("train", 0, train), ("held-out", HELD_OUT, held_out)):
        path = clips_path(folder, name, count)
        if path.exists():
            continue
        groups = [range(first + i, first + min(i + 25, count)) for i in range(0, count, 25)]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            rows = [row for part in pool.map(_rows, groups) for row in part]
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(pa.Table.from_pylist(rows, schema=_schema()), unfinished, row_group_size=100)
        unfinished.replace(path)


def clips_path(folder: Path, name: str, count: int) -> Path:
    """Of a file of clips."""
    return folder / f"clips-{name}-{count}.parquet"


def _schema() -> pa.Schema:
    known = TABLES["traser_samples"]
    return pa.schema([known.field(name).with_nullable(True) for name in known.names])


def _rows(seeds: Sequence[int]) -> list[dict[str, Any]]:
    import cv2

    cv2.setNumThreads(1)
    built = (build_clip(WORLD, seed) for seed in seeds)
    return [to_row(one.sample) for one in built if one.sample is not None]


def read_clips(path: Path) -> list[Sample]:
    """The samples of a file."""
    return [from_row(row) for row in pq.read_table(path).to_pylist()]


def main() -> None:
    """Train and judge one job."""
    folder, job = Path(sys.argv[1]), Job(**json.loads(sys.argv[2]))
    import torch

    torch.set_num_threads(1)
    train = read_clips(clips_path(folder, "train", job.clips))
    held_out = read_clips(clips_path(folder, "held-out", job.held_out))
    with tempfile.TemporaryDirectory() as scratch:
        result = _result(job, train, held_out, Path(scratch))
    unfinished = folder / f"{job.name}.unfinished"
    unfinished.write_text(json.dumps(result))
    unfinished.replace(folder / f"{job.name}.json")


def setup_of(job: Job, folder: Path) -> Any:
    """The setup of a job."""
    from svg2_assets.traser.training.settings import Setup

    system = SYSTEMS[job.system]
    placed = system["preset"] == "default"
    tiny = {
        "hidden": HIDDEN,
        "layers": 3,
        "heads": 3,
        "key_heads": 1,
        "width": 3 * HIDDEN,
        "vision_hidden": 64,
        "latents": 4,
        "vocabulary": 640,
        "resampler_head": HEAD if placed else HEAD + PLACED,
    }
    rates = {"base_rate": 2e-3, "merger_rate": 2e-3, "resampler_rate": 2e-3, "warmup": 0.05, "floor": 0.02}
    plain = {"precision": "float32", "checkpointing": False, "frozen_vision": False, "betas": (0.9, 0.98)}
    return Setup(
        folder=folder,
        model={"tiny": tiny},
        batch=job.batch,
        accumulation=1,
        steps=job.steps,
        seed=job.seed,
        recipe={**rates, **plain},
        evaluating={"most": 0},
        saving={"every": job.steps},
        overrides={"decoding": {"constrained": True, "repetition_penalty": 1.0, "most_new_tokens": 1024}},
        **system,
    )


def _result(job: Job, train: Sequence[Sample], held_out: Sequence[Sample], folder: Path) -> dict[str, Any]:
    from svg2_assets.traser.samples.examples import ExampleMaker
    from svg2_assets.traser.samples.pictures import decode
    from svg2_assets.traser.sampling import bytes_of_patches
    from svg2_assets.traser.text import Task
    from svg2_assets.traser.training.building import model_of, slots_of, texts_of, tokenizer_of

    setup = setup_of(job, folder)
    tokenizer = tokenizer_of(setup, texts_of(to_row(s) for s in train[:1000]))
    model, preset = model_of(setup, tokenizer), setup.resolved()
    make = ExampleMaker(preset, tokenizer, slots_of(model), altered="contrast" in setup.objectives)
    nothing = np.zeros((0, 1176), dtype=np.float32)
    examples = [replace(make(s, Task(s.tasks[0])), patches=nothing) for s in train]
    patches = [bytes_of_patches(decode(s.pictures, height=112, width=168)) for s in train]
    began = time.perf_counter()
    losses = _train(setup, model, tokenizer, Feed(examples, patches, job.batch, job.seed, job.seconds))
    seconds = time.perf_counter() - began
    judged = _judge(model, tokenizer, make, held_out)
    return {
        "system": job.system,
        "seed": job.seed,
        "weights": sum(p.numel() for p in model.parameters()),
        "positions": float(np.mean([len(e.arranged) for e in examples])),
        "seconds": seconds,
        "steps": len(losses),
        "losses": losses,
        **judged,
    }


def _train(setup: Any, model: Any, tokenizer: Any, feed: Feed) -> list[float]:
    from svg2_assets.traser.training.engine import engine_of
    from svg2_assets.traser.training.keeping import Keeper
    from svg2_assets.traser.training.learning import Learner
    from svg2_assets.traser.training.loop import Run, train
    from svg2_assets.traser.training.metrics import Metrics, curve

    setup.folder.mkdir(parents=True, exist_ok=True)
    metrics = Metrics(setup.folder / "metrics.jsonl")

    def watch(record: Mapping[str, Any]) -> None:
        if record["step"] % 50 == 0:
            print({k: round(v, 4) if isinstance(v, float) else v for k, v in record.items()}, flush=True)

    run = Run(
        setup=setup,
        steps=setup.steps,
        learner=Learner(model, setup.objectives),
        engine=engine_of(setup.recipe, accumulation=1),
        feed=feed,
        keeper=Keeper(setup.folder / "checkpoints", keep=1),
        metrics=metrics,
        write_model=lambda *_: None,  # what is judged is in memory
        pad=tokenizer.marks.pad,
        watch=watch,
    )
    with suppress(StopIteration):  # cut
        train(run)
    return [round(loss, 4) for _, loss in curve(metrics.records(), figure="language")]


def _judge(model: Any, tokenizer: Any, make: Any, held_out: Sequence[Sample]) -> dict[str, Any]:
    from svg2_assets.traser.text import Task
    from svg2_assets.traser.training.probes import losses, probes_of

    probed = [probes_of(s, make, Task(s.tasks[0]), seed=k) for k, s in enumerate(held_out)]
    found = losses(model, probed, pad=tokenizer.marks.pad, batch=32)
    clips, example = _scores(model, tokenizer, make.preset, held_out)
    return {
        "held_out_loss": float(np.mean([one["true"] for one in found])),
        "probes": [{probe.value: loss for probe, loss in one.items()} for one in found],
        "clips": clips,
        "example": example,
    }


def _scores(model: Any, tokenizer: Any, preset: Any, held_out: Sequence[Sample]) -> tuple[list[Any], list[str]]:
    from svg2_assets.traser.asking import Shown
    from svg2_assets.traser.generation.telling import Teller
    from svg2_assets.traser.samples.examples import told_of
    from svg2_assets.traser.samples.pictures import decode
    from svg2_assets.traser.sampling import Sampled
    from svg2_assets.traser.text import Task, target_text
    from svg2_assets.traser.training.scores import score

    teller = Teller(model, tokenizer, preset)
    asked = []
    for s in held_out:
        height, width = s.picture_size
        frames = decode(s.pictures, height=height, width=width)
        shown = Shown(
            s.video, Sampled(s.frames, s.times, height, width), frames, tuple(o.id for o in s.objects), s.masks
        )
        asked.append(teller.ask(shown, Task(s.tasks[0])))
    clips, texts = [], []
    for s, one in zip(held_out, teller.tell(asked, batch=50), strict=True):
        truth = told_of(s, s.objects)
        found = score(truth, one.answer.told if one.answer.told.things else None)
        clips.append({f.name: (getattr(found, f.name).right, getattr(found, f.name).of) for f in fields(found)})
        texts += ["\n".join(one.texts), target_text(truth, task=one.asking.task, clock=one.asking.clock)]
    return clips, texts[:4]


if __name__ == "__main__":
    main()
