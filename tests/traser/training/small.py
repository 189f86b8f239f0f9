"""A model of a hundred thousand weights, and samples that it can learn: which of two answers the patches ask for.

As a program it trains in a folder until it is done or killed: `-m tests.traser.training.small FOLDER [key=value]`.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.traser.arrangement import Clip, Marks, Plan, Slots, arrange
from svg2_assets.traser.network.model import Traser, TraserConfig
from svg2_assets.traser.network.resampler import ResamplerShape
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.training.engine import Engine, engine_of
from svg2_assets.traser.training.keeping import Keeper, Kept, read_state
from svg2_assets.traser.training.learning import Learner
from svg2_assets.traser.training.loop import Run, train
from svg2_assets.traser.training.metrics import Metrics
from svg2_assets.traser.training.settings import Setup, read_setup
from svg2_assets.traser.values import Example, Grid, Track

SETUP = """
model: {tiny: {hidden: 32, heads: 2, layers: 1}}
steps: 12
batch: 2
accumulation: 2
recipe: {base_rate: 1e-2, resampler_rate: 1e-2, merger_rate: 1e-2, precision: float32, frozen_vision: false}
evaluating: {every: 6, most: 4}
saving: {every: 2, keep: 2}
"""
MODEL = "model.safetensors"
VOCABULARY = 64
GRID = Grid(2, 2, 3)


class Letters:
    """A tokenizer of single letters."""

    marks = Marks(1, 2, 3, 4, 5, 6, 7, 0)

    def encode(self, text: str) -> list[int]:
        return [10 + ord(c) % 50 for c in text]

    def decode(self, ids: Sequence[int]) -> str:
        return " ".join(map(str, ids))


def model(seed: int = 0, diversity: float = 0.01) -> Traser:
    torch.manual_seed(seed)
    text = {
        "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 512,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
        "tie_word_embeddings": True, "pad_token_id": 0, "bos_token_id": None, "eos_token_id": None,
    }  # fmt: skip
    vision = {
        "depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 32, "out_hidden_size": 32,
        "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "window_size": 112,
        "fullatt_block_indexes": [0], "in_channels": 3,
    }  # fmt: skip
    backbone = {
        "text_config": text, "vision_config": vision, "tie_word_embeddings": True,
        "image_token_id": 8, "video_token_id": 5, "vision_start_token_id": 3, "vision_end_token_id": 4,
    }  # fmt: skip
    shape = ResamplerShape(32, 2, 1, 2, 1, 16, 2)
    return Traser(TraserConfig(backbone, shape, shape, place=True, orthogonal=True, diversity=diversity))


def example(number: int) -> Example:
    """Sample `number`: patches that are bright or dark, and the answer that says which."""
    draw = np.random.default_rng([7, number])
    bright = bool(draw.integers(2))
    tracks = [
        Track(k, np.sort(draw.choice(GRID.tokens, 3 + k, replace=False)), np.ones(3 + k, np.float32),
              draw.random((GRID.steps, 4)).astype(np.float32))
        for k in range(1 + number % 3)
    ]  # fmt: skip
    plan = Plan(PRESETS["default"].arranging, Slots(2, 2), Letters())
    text = "bright day" if bright else "dark night"
    answer = [*Letters().encode(text), Letters.marks.end]
    arranged = arrange(Clip(GRID, np.arange(4.0), tracks), ([6, 11], [12]), answer, plan=plan)
    patches = draw.standard_normal((GRID.tokens * 4, 1176)).astype(np.float32) * 0.1 + (1 if bright else -1)
    return Example(f"video-{number}", patches, GRID, arranged, text)


class Toys:
    """Forty samples, in the same order for any number of processes."""

    def __init__(self, setup: Setup, engine: Engine, start: int = 0, broken: int | None = None) -> None:
        self.setup, self.engine, self.place, self.broken = setup, engine, start, broken

    def batches(self) -> Iterator[Sequence[Example]]:
        size, processes = self.setup.batch, self.engine.processes
        while True:
            begin = self.place + self.engine.rank
            self.place += size * processes
            yield [self.taken(begin + i * processes) for i in range(size)]

    def state(self) -> dict[str, int]:
        return {"place": self.place}

    def taken(self, place: int) -> Example:
        epoch, number = divmod(place, 40)
        chosen = int(np.random.default_rng([self.setup.seed, epoch]).permutation(40)[number])
        made = example(chosen)
        if place == self.broken:
            made.patches[:] = np.nan
        return made

    def held_out(self) -> Iterator[Sequence[Example]]:
        for i in range(self.engine.rank, 4, self.engine.processes):
            yield [example(100 + i)]


def write_model(folder: Path, state: Mapping[str, Tensor]) -> None:
    unique = {k.removeprefix("model."): v.contiguous() for k, v in state.items() if "lm_head" not in k}
    save_file(unique, str(folder / MODEL))


def run_of(folder: Path, *changes: str, broken: int | None = None) -> tuple[Run, Kept | None]:
    """A run in `folder`, and the checkpoint that it goes on from."""
    setup = read_setup(text=SETUP, changes=[f"folder={folder}", *changes])
    engine = engine_of(setup.recipe, accumulation=setup.accumulation)
    keeper, metrics = Keeper(folder / "checkpoints", keep=setup.saving.keep), Metrics(folder / "metrics.jsonl")
    last, made = keeper.last(), model(diversity=setup.resolved().designing.diversity)
    if last is not None:
        made.load_state_dict(load_file(str(last.folder / MODEL)), strict=False)
    engine.wait()
    if engine.rank == 0:
        metrics.forget_after(last.step if last else 0)
    feed = Toys(setup, engine, read_state(last)["feed"]["place"] if last else 0, broken)
    run = Run(setup, setup.steps or 1, Learner(made), engine, feed, keeper, metrics, write_model, pad=0)
    return run, last


def main(folder: Path, *changes: str) -> None:
    """Train; `die=N` in the environment kills the process, without a word, in the middle of step N."""
    torch.set_num_threads(1)
    run, last = run_of(folder, *changes)
    fatal = int(os.environ.get("die", "0"))  # noqa: SIM112
    inner = run.engine.backward

    def backward(loss: Tensor) -> None:
        inner(loss)
        if fatal and len([r for r in run.metrics.records() if r["kind"] == "train"]) == fatal - 1:
            os.kill(os.getpid(), signal.SIGKILL)

    run.engine.backward = backward  # type: ignore[method-assign]
    train(run, since=last)


def program(folder: str, *changes: str, die: int = 0, room: int = 0) -> None:
    """`main` as a process does it that dies in step `die`, or whose files may hold `room` bytes; 0 for neither."""
    os.environ["die"] = str(die)  # noqa: SIM112
    if room:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    try:
        main(Path(folder), *changes)
    except Svg2Error as error:
        sys.exit(str(error))


if __name__ == "__main__":
    program(*sys.argv[1:], die=int(os.environ.get("die", "0")))  # noqa: SIM112
