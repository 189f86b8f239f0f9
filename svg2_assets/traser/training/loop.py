"""The steps of a run: batches, losses, a checkpoint now and then; the same curve however often it is interrupted."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.traser.arrangement import IGNORED
from svg2_assets.traser.network.model import Batch, collate
from svg2_assets.traser.training.engine import Engine, OptimiserState
from svg2_assets.traser.training.groups import optimiser_of, parameter_groups
from svg2_assets.traser.training.keeping import OPTIMISER, Keeper, Kept, of_storage, read_tensors, write_tensors
from svg2_assets.traser.training.learning import TOKENS, TOTAL, Learner
from svg2_assets.traser.training.metrics import HELD_OUT, TRAIN, Metrics, Record
from svg2_assets.traser.training.schedule import Schedule
from svg2_assets.traser.training.settings import Setup
from svg2_assets.traser.values import Example


class NotFinite(Svg2Error):
    """A loss or gradient that is no number: names the step and its samples. Nothing was learned from it."""


class Feed(Protocol):
    """The samples of a run in their order, from where it begins or goes on."""

    def batches(self) -> Iterator[Sequence[Example]]:
        """This process's batches, without end; `accumulation` of them make a step."""
        ...

    def state(self) -> Mapping[str, Any]:
        """What comes next, as JSON: for a feed that goes on there."""
        ...

    def held_out(self) -> Iterator[Sequence[Example]]:
        """This process's share of the batches whose loss is measured, each time the same."""
        ...


@dataclass
class Run:
    """What a run is made of. `write_model` writes the model's files of a checkpoint; `steps` is the whole length."""

    setup: Setup
    steps: int
    learner: Learner
    engine: Engine
    feed: Feed
    keeper: Keeper
    metrics: Metrics
    write_model: Callable[[Path, Mapping[str, Tensor]], None]
    pad: int
    state: Mapping[str, Any] = field(default_factory=dict)
    watch: Callable[[Record], None] = lambda _: None
    saved: Callable[[Kept], None] = lambda _: None


def train(run: Run, *, since: Kept | None = None) -> Kept:
    """Make the steps after `since` (all where None) and return the last checkpoint.

    Raises `NotFinite`, `CheckpointFailed`; the last good checkpoint stays as it was.
    """
    recipe = run.setup.recipe
    groups = parameter_groups(run.learner, recipe)
    optimiser = optimiser_of([{k: v for k, v in g.items() if k != "names"} for g in groups], recipe)
    run.engine.prepare(run.learner, optimiser)
    if since is not None:
        path = since.folder / OPTIMISER
        run.engine.load_optimiser(since.folder, read_tensors(path) if path.exists() else None)
    schedule = Schedule(run.steps, recipe.warmup, recipe.floor)
    first = since.step if since is not None else 0
    batches, kept = run.feed.batches(), since
    for step in range(first, run.steps):
        record = _step(run, step, batches, optimiser=optimiser, factor=schedule.factor(step))
        _note(run, record)
        done = step + 1
        if run.setup.evaluating.most and (done % run.setup.evaluating.every == 0 or done == run.steps):
            measured = held_out_loss(run, done)
            if measured is not None:
                _note(run, measured)
        if done % run.setup.saving.every == 0 or done == run.steps:
            kept = keep(run, done)
    if kept is None:
        raise ValueError(f"a run of {run.steps} steps keeps nothing")
    return kept


def keep(run: Run, step: int) -> Kept:
    """A checkpoint of the model and all that a resumed run needs. Every process takes part."""
    engine, keeper = run.engine, run.keeper
    if engine.rank == 0:
        keeper.begin(step)
    engine.wait()
    model, optimiser = engine.model_state(), engine.save_optimiser(keeper.unfinished(step))
    problem: Exception | None = None
    if engine.rank == 0:
        try:
            _write(run, step, model, optimiser)
        except Exception as error:  # noqa: BLE001 - told to all processes first
            problem = error
    _agree(engine, problem, keeper, step)
    kept = Kept(step, keeper.place(step))
    if engine.rank == 0:
        run.saved(kept)
    return kept


def _write(run: Run, step: int, model: Mapping[str, Tensor], optimiser: OptimiserState | None) -> None:
    made = run.keeper.unfinished(step)
    run.write_model(made, model)
    if optimiser is not None:
        write_tensors(made / OPTIMISER, optimiser)
    run.keeper.finish(step, {**run.state, "feed": dict(run.feed.state())})


def held_out_loss(run: Run, step: int) -> Record | None:
    """The mean loss of a token of held-out answers, over all processes; None where nothing is held out."""
    run.learner.eval()
    sums = torch.zeros(2)
    with torch.no_grad():
        for examples in run.feed.held_out():
            found = run.engine.forward(_batch(run, examples), examples, (run.setup.seed, step))
            tokens = float(found[TOKENS])
            sums += torch.tensor([float(found["language"]) * tokens, tokens])
    run.learner.train()
    sums = run.engine.mean(sums)
    return {"step": step, "kind": HELD_OUT, "loss": float(sums[0] / sums[1])} if sums[1] else None


def _step(
    run: Run, step: int, batches: Iterator[Sequence[Example]], *, optimiser: torch.optim.Optimizer, factor: float
) -> Record:
    """One optimiser step."""
    began = time.perf_counter()
    engine, setup = run.engine, run.setup
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * factor
    # What is drawn in a step follows from the step: a resumed run draws the same.
    torch.manual_seed(hash_of(setup.seed, step, engine.rank))
    run.learner.train()
    parts = [next(batches) for _ in range(setup.accumulation)]
    taken = [e.video_id for examples in parts for e in examples]
    figures = _gradients(run, step, parts)
    norm = _finite_step(run, step, figures[TOTAL], taken)
    seconds = time.perf_counter() - began
    samples = round(float(engine.mean(torch.tensor(float(len(taken))))) * engine.processes)
    return {
        "step": step + 1,
        "kind": TRAIN,
        **figures,
        "rate": factor,
        "norm": norm,
        "samples": samples,
        "seconds": round(seconds, 4),
        "samples_a_second": round(samples / seconds, 2),
    }


def _gradients(run: Run, step: int, parts: Sequence[Sequence[Example]]) -> dict[str, float]:
    """Gradients of a step's batches, and the losses' means.

    Each batch counts as its share of the learned tokens of the step, over all processes: how samples are divided among
    batches and processes makes no difference to the language loss.
    """
    engine, setup = run.engine, run.setup
    learned = torch.tensor([float(sum(map(_learned, examples))) for examples in parts])
    mean = float(engine.mean(learned.mean()))
    sums: dict[str, Tensor] = {}
    for number, examples in enumerate(parts):
        weight = float(learned[number]) / mean
        with engine.gathering():
            found = engine.forward(_batch(run, examples), examples, (setup.seed, step, number, engine.rank))
            engine.backward(weight * found[TOTAL])
        for name, value in found.items():
            share = (1.0 if name == TOKENS else weight) / len(parts)
            sums[name] = sums.get(name, torch.zeros(())) + share * value.detach().float().cpu()
    means = engine.mean(torch.stack(list(sums.values())))
    figures: dict[str, float] = dict(zip(sums, means.tolist(), strict=True))
    return figures | {TOKENS: figures[TOKENS] * len(parts) * engine.processes}


def _learned(example: Example) -> int:
    """How many tokens of a sample are learned."""
    return int((example.arranged.labels[1:] != IGNORED).sum())


def _finite_step(run: Run, step: int, loss: float, taken: Sequence[str]) -> float:
    """The optimiser's step, if loss and gradient are numbers."""
    norm = run.engine.step() if math.isfinite(loss) else math.nan
    if math.isfinite(norm):
        return norm
    names = ", ".join(dict.fromkeys(run.engine.texts(taken)))
    what = "the loss" if not math.isfinite(loss) else "the gradient"
    good = run.keeper.last()
    stays = f"The last good checkpoint is {good.folder}." if good else "No checkpoint had been kept yet."
    raise NotFinite(
        f"traser: step {step + 1}: {what} is no number. Samples of the step: {names}. {stays} Look at these samples, "
        "or lower recipe.base_rate and recipe.resampler_rate, then start again: the run goes on from there."
    )


def _batch(run: Run, examples: Sequence[Example]) -> Batch:
    return collate(examples, pad=run.pad).to(run.engine.device)


def _note(run: Run, record: Record) -> None:
    if run.engine.rank == 0:
        run.metrics.add(record)
        run.watch(record)


def _agree(engine: Engine, problem: Exception | None, keeper: Keeper, step: int) -> None:
    """Every process stops where the one that writes could not."""
    told = engine.texts([f"{type(problem).__name__}: {problem}"] if problem is not None else [])
    if problem is not None:
        keeper.drop(step)
        raise (keeper.failed(step, problem) if of_storage(problem) else problem) from problem
    if told:
        raise Svg2Error(f"traser: step {step} could not be kept: {told[0]}")


def hash_of(*numbers: int) -> int:
    """A seed that follows from `numbers`."""
    return int(np.random.SeedSequence(list(numbers)).generate_state(1, dtype=np.uint64)[0] >> 1)
