"""One run of `benchmarks.traser_learning`: trains a system and writes what it makes of held-out clips."""

from __future__ import annotations

import json
import os
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
    width=336,
    height=224,
    seconds=8.0,
    world={"cut_chance": 0.0, "things": 3, "small_share": 0.0},
    most_objects=8,
    attributes=frozenset({"color", "pattern"}),
)
HIDDEN, HEAD, PLACED = 96, 24, 16
"""Width, a resampler's head, and how much wider it is in systems without place: then all have as many weights."""
POOL = 4  # batches that are sorted by length together
TASKS = ("scene_graph", "scene_graph", "scene_graph", "attributes", "relationships")
GROWING = ((0.1, 2), (0.2, 4))  # who learns to write: until which share of the steps no more than how many objects
NAMING, CONTRAST = 0.25, 0.5  # weights of the objectives
SPEAKING_BATCH = 16

SYSTEMS: Mapping[str, dict[str, Any]] = {
    "none": {"preset": "release", "resamplers": "none"},
    "OTR": {"preset": "release", "resamplers": "object"},
    "TWR": {"preset": "release", "resamplers": "window"},
    "both": {"preset": "release", "resamplers": "both"},
    "default": {"preset": "default", "objectives": {"naming": NAMING, "contrast": CONTRAST}},
    "default, no contrast": {"preset": "default"},
}
"""All learn to name from their slots and begin with the same vision tower and the same writer."""


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
    speaking: int = 1200  # steps of `speak`, which are the same for all

    @property
    def name(self) -> str:
        """Of its files."""
        words = "".join(c if c.isalnum() else "-" for c in self.system)
        return f"{words}-seed{self.seed}-{self.steps}x{self.batch}-of{self.clips}-on{self.held_out}"


@dataclass
class Feed:
    """A `loop.Feed` from memory: what the frozen tower makes of the clips is there already.

    Objects come in a new order each time, so that their numbers say nothing; most often the whole graph is asked for.
    Who learns to write (`silent`) is shown labels alone, and few objects at first. Four batches at a time are sorted by
    length, so that little is padded. It ends after `seconds`, where given: a run on a machine that is lent for minutes
    is cut rather than lost.
    """

    samples: Sequence[Sample]
    features: np.ndarray
    make: Any
    job: Job
    silent: bool = False  # labels alone, without what stands for objects
    taken: int = field(default=0)

    def batches(self) -> Iterator[Sequence[Any]]:
        """Without end."""
        random, began = np.random.default_rng(self.job.seed), time.monotonic()
        if len(self.samples) < POOL * self.job.batch:
            raise ValueError(f"{len(self.samples)} clips give no {POOL} batches of {self.job.batch}")
        while True:
            chosen = random.choice(len(self.samples), POOL * self.job.batch, replace=False)
            task = TASKS[random.integers(len(TASKS))]
            early = (n for until, n in GROWING if self.taken < until * self.job.steps)
            most = next(early, None) if self.silent else None
            made = sorted((self.example(k, task, most, random) for k in chosen), key=lambda e: len(e.arranged))
            for at in random.permutation(POOL):
                if self.job.seconds and time.monotonic() - began > self.job.seconds:
                    return
                self.taken += 1
                yield made[at * self.job.batch : (at + 1) * self.job.batch]

    def example(self, k: int, task: str, most: int | None, random: np.random.Generator) -> Any:
        """Sample `k` with its objects, or up to `most` of them, in a new order."""
        from svg2_assets.traser.text import Task

        sample = self.samples[k]
        count = len(sample.objects)
        if most is not None and most < count:
            count = int(random.integers(1, most + 1))
        chosen = random.permutation(len(sample.objects))[:count].tolist()
        made = replace(self.make.arranged(sample.showing(chosen), Task(task)), patches=self.features[k])
        return replace(made, arranged=without_slots(made.arranged)) if self.silent else made

    def state(self) -> Mapping[str, Any]:
        """How far it is."""
        return {"taken": self.taken}

    def held_out(self) -> Iterator[Sequence[Any]]:
        """None: they are judged at the end."""
        return iter(())


def without_slots(arranged: Any) -> Any:
    """The sequence without the slots of its groups."""
    stays = np.ones(len(arranged.ids), dtype=bool)
    for group in arranged.groups:
        stays[group.start : group.start + group.slots] = False
    return replace(arranged, ids=arranged.ids[stays], labels=arranged.labels[stays], groups=())


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
    """Train and judge one job, or teach what all begin with: `see` the vision tower, `speak` the language model."""
    folder, job = Path(sys.argv[1]), Job(**json.loads(sys.argv[2]))
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if sys.argv[3:]:
        {"see": see, "speak": speak}[sys.argv[3]](folder, job)
        return
    with tempfile.TemporaryDirectory() as scratch:
        result = _result(job, folder, Path(scratch))
    unfinished = folder / f"{job.name}.unfinished"
    unfinished.write_text(json.dumps(result))
    unfinished.replace(folder / f"{job.name}.json")


def setup_of(job: Job, folder: Path) -> Any:
    """The setup of a job."""
    from svg2_assets.traser.training.settings import Setup

    system = {"objectives": {"naming": NAMING}} | SYSTEMS[job.system]
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
    rates = {"base_rate": 1e-3, "merger_rate": 1e-3, "resampler_rate": 2e-3, "warmup": 0.05, "floor": 0.02}
    plain = {"precision": "float32", "checkpointing": False, "betas": (0.9, 0.98)}
    return Setup(
        folder=folder,
        model={"tiny": tiny},
        batch=job.batch,
        accumulation=1,
        steps=job.steps,
        seed=job.seed,
        seeing={"steps": 800, "batch": 32, "pictures": 1},
        recipe={**rates, **plain},
        evaluating={"most": 0},
        saving={"every": job.steps},
        overrides={"decoding": {"constrained": True, "repetition_penalty": 1.0, "most_new_tokens": 1024}},
        **system,
    )


def see(folder: Path, job: Job) -> None:
    """Teach the vision tower that all systems begin with, and keep it and what it makes of the clips to train on."""
    import torch

    from svg2_assets.traser.text import Task
    from svg2_assets.traser.training.seeing import teach, write_seen

    began = time.perf_counter()
    train = read_clips(clips_path(folder, "train", job.clips))
    setup, _, model, make = _begun(Job("none", 0, 1, 1, job.clips, job.held_out), train, folder)
    pictures = [_patches(s) for s in train]
    examples = [make.arranged(s, Task.ATTRIBUTES) for s in train]
    random = np.random.default_rng(0)

    def batches() -> Iterator[Sequence[Any]]:
        while True:
            chosen = random.choice(len(train), min(setup.seeing.batch, len(train)), replace=False)
            yield [replace(examples[k], patches=pictures[k]) for k in chosen]

    losses = teach(model, batches(), setup.seeing, seed=0, tell=lambda line: print(line, flush=True))
    model.eval()
    with torch.no_grad():
        seen = [model.see(torch.from_numpy(p), [e.grid]) for p, e in zip(pictures, examples, strict=True)]
    np.save(features_path(folder, job.clips), np.stack([f.numpy().astype(np.float16) for f in seen]))
    write_seen(folder, model, version=str(job.clips))
    print(f"{len(losses)} steps, loss {np.mean(losses[-50:]):.3f}, {time.perf_counter() - began:.0f} s", flush=True)


def speak(folder: Path, job: Job) -> None:
    """Teach the language model that all systems begin with how answers go, from text alone, and keep it.

    A released checkpoint begins with a language model that can write, and learns to look; so do these. What stands for
    objects and windows is there, as labels, but nothing fills it.
    """
    from safetensors.torch import save_file

    from svg2_assets.traser.training.seeing import read_seen

    train = read_clips(clips_path(folder, "train", job.clips))
    job = Job("none", 0, job.speaking, SPEAKING_BATCH, job.clips, job.held_out)
    with tempfile.TemporaryDirectory() as scratch:
        setup, tokenizer, model, make = _begun(job, train, Path(scratch))
        recipe = setup.recipe.model_copy(update={"base_rate": 2e-3})
        setup = setup.model_copy(update={"objectives": {}, "recipe": recipe})
        if not read_seen(folder, model, version=str(job.clips)):
            raise FileNotFoundError(f"{folder} holds no vision tower for {job.clips} clips")
        model.backbone.model.visual.requires_grad_(False)
        model.see = lambda seen, _: seen
        nothing = np.zeros((len(train), 0, HIDDEN), dtype=np.float32)
        _train(setup, model, tokenizer, Feed(train, nothing, make, job, silent=True))
        del model.see
    state = {name: tensor.clone() for name, tensor in model.backbone.state_dict().items()}  # tied ones twice
    save_file(state, str(spoken_path(folder, job.clips)))


def spoken_path(folder: Path, clips: int) -> Path:
    """Of the model that can write answers and sees nothing."""
    return folder / f"spoken-{clips}.safetensors"


def features_path(folder: Path, clips: int) -> Path:
    """Of what the tower makes of the clips."""
    return folder / f"features-{clips}.npy"


def _patches(sample: Sample) -> np.ndarray:
    from svg2_assets.traser.samples.pictures import decode
    from svg2_assets.traser.sampling import bytes_of_patches

    return bytes_of_patches(decode(sample.pictures, height=WORLD.height, width=WORLD.width))


def _begun(job: Job, train: Sequence[Sample], folder: Path) -> tuple[Any, Any, Any, Any]:
    """Setup, tokenizer, model, maker."""
    from svg2_assets.traser.samples.examples import ExampleMaker
    from svg2_assets.traser.training.building import model_of, slots_of, texts_of, tokenizer_of

    setup = setup_of(job, folder)
    tokenizer = tokenizer_of(setup, texts_of(to_row(s) for s in train[:1000]))
    model = model_of(setup, tokenizer)
    make = ExampleMaker(setup.resolved(), tokenizer, slots_of(model), altered="contrast" in setup.objectives)
    return setup, tokenizer, model, make


def _result(job: Job, folder: Path, scratch: Path) -> dict[str, Any]:
    from svg2_assets.traser.training.seeing import read_seen

    train = read_clips(clips_path(folder, "train", job.clips))
    held_out = read_clips(clips_path(folder, "held-out", job.held_out))
    setup, tokenizer, model, make = _begun(job, train, scratch)
    if not read_seen(folder, model, version=str(job.clips)):
        raise FileNotFoundError(f"{folder} holds no vision tower for {job.clips} clips")
    feed = Feed(train, np.load(features_path(folder, job.clips)), make, job)
    learned = _learned(job, folder, setup, tokenizer, model, feed)
    random = np.random.default_rng(job.seed)
    lengths = [len(feed.example(k, "scene_graph", None, random).arranged) for k in range(min(200, len(train)))]
    judged = _judge(model, tokenizer, make, held_out)
    return {
        "system": job.system,
        "seed": job.seed,
        "weights": sum(p.numel() for p in model.parameters()),
        "positions": float(np.mean(lengths)),
        **learned,
        **judged,
    }


def _learned(job: Job, folder: Path, setup: Any, tokenizer: Any, model: Any, feed: Feed) -> dict[str, Any]:
    """How the model learned; what it learned is kept, so that it can be judged anew."""
    from safetensors.torch import load_model, save_model

    weights, told = folder / f"{job.name}.safetensors", folder / f"{job.name}.learned.json"
    if told.exists():
        load_model(model, weights)
        found: dict[str, Any] = json.loads(told.read_text())
        return found
    _begin_as_spoken(model, folder, job)
    model.backbone.model.visual.requires_grad_(False)
    model.see = lambda seen, _: seen.float()  # what the frozen tower makes of the clips comes with them
    began = time.perf_counter()
    losses = _train(setup, model, tokenizer, feed)
    del model.see
    save_model(model, str(weights))
    found = {"seconds": time.perf_counter() - began, "steps": len(losses), "losses": losses}
    told.write_text(json.dumps(found))
    return found


def _begin_as_spoken(model: Any, folder: Path, job: Job) -> None:
    """The backbone of the model that can write answers; resamplers stay as they are."""
    from safetensors.torch import load_file

    model.backbone.load_state_dict(load_file(spoken_path(folder, job.clips)))


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
    from svg2_assets.traser.training.probes import losses, probes_of, stranger_of

    probed = [
        probes_of(s, make, Task(s.tasks[0]), seed=k, stranger=stranger_of(held_out, k)) for k, s in enumerate(held_out)
    ]
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
