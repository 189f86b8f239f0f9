"""One run of `benchmarks.traser_learning`: trains a system and writes what it makes of held-out clips."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.traser_learning_clips import clips_path, patches_of, read_clips
from benchmarks.traser_learning_systems import Feed, Job, begun
from svg2_assets.traser.samples.values import Sample


def main() -> None:
    """Train and judge one job, or (`see`) teach the vision tower that all begin with."""
    folder, job = Path(sys.argv[1]), Job(**json.loads(sys.argv[2]))
    import torch

    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    if sys.argv[3:] == ["see"]:
        see(folder, job)
        return
    with tempfile.TemporaryDirectory() as scratch:
        result = _result(job, folder, Path(scratch))
    unfinished = folder / f"{job.name}.unfinished"
    unfinished.write_text(json.dumps(result))
    unfinished.replace(folder / f"{job.name}.json")


def see(folder: Path, job: Job) -> None:
    """Teach the vision tower that all systems begin with, and keep it and what it makes of the clips to train on."""
    import torch

    from svg2_assets.traser.text import Task
    from svg2_assets.traser.training.seeing import teach, write_seen

    began = time.perf_counter()
    train = read_clips(clips_path(folder, 0, job.clips))
    setup, _, model, make = begun(Job("none", 0, 1, 1, job.clips, job.held_out), train, folder)
    pictures = [patches_of(s) for s in train]
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


def features_path(folder: Path, clips: int) -> Path:
    """Of what the tower makes of the clips."""
    return folder / f"features-{clips}.npy"


def _result(job: Job, folder: Path, scratch: Path) -> dict[str, Any]:
    from svg2_assets.traser.training.seeing import read_seen

    train = read_clips(clips_path(folder, 0, job.clips))
    held_out = read_clips(clips_path(folder, job.judged_from, job.held_out))
    setup, tokenizer, model, make = begun(job, train, scratch)
    if not read_seen(folder, model, version=str(job.clips)):
        raise FileNotFoundError(f"{folder} holds no vision tower for {job.clips} clips")
    feed = Feed(train, np.load(features_path(folder, job.clips)), make, job)
    learned = _learned(job, folder, setup, tokenizer, model, feed)
    random = np.random.default_rng(job.seed)
    lengths = [len(feed.example(k, "scene_graph", random).arranged) for k in range(min(200, len(train)))]
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

    weights, told = folder / f"{job.trained}.safetensors", folder / f"{job.trained}.learned.json"
    if told.exists():
        load_model(model, weights)
        found: dict[str, Any] = json.loads(told.read_text())
        return found
    model.backbone.model.visual.requires_grad_(False)
    model.see = lambda seen, _: seen.float()  # what the frozen tower makes of the clips comes with them
    began = time.perf_counter()
    losses = _train(setup, model, tokenizer, feed)
    del model.see
    save_model(model, str(weights))
    found = {"seconds": time.perf_counter() - began, "steps": len(losses), "losses": losses}
    told.write_text(json.dumps(found))
    return found


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
