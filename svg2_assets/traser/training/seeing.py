"""Teaching a vision tower that knows nothing to see, before the language model listens to it.

A released checkpoint's tower has seen billions of pictures and is frozen. One that is made from nothing shows a
language model noise, which learns to do without it, and answers that follow from text alone teach no tower to see.
So its tokens first learn to name what they lie on, single steps of clips at a time, which is a matter of minutes;
then it can be frozen as the recipe has it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.training.naming import word_loss
from svg2_assets.traser.training.schedule import Schedule
from svg2_assets.traser.training.settings import Seeing
from svg2_assets.traser.values import Example, Grid, Role

WARMUP, FLOOR = 0.06, 0.02  # of the schedule
BETAS, DECAY, MAX_NORM = (0.9, 0.98), 0.01, 1.0
TELL = 50  # steps between reports
FILE, VERSION = "seen.safetensors", "setup"
"""What comes of it, in the folder of the run, and the field that says of which setup it came."""


@dataclass(frozen=True)
class Pictures:
    """Single steps of clips: `patches` [P, 1176], their grids, and of every object the tokens and their words."""

    patches: Tensor
    grids: Sequence[Grid]
    tokens: Sequence[Tensor]
    words: Sequence[Tensor]


def teach(
    model: Traser,
    batches: Iterator[Sequence[Example]],
    seeing: Seeing,
    *,
    seed: int,
    tell: Callable[[str], None] = lambda _: None,
) -> list[float]:
    """Make `seeing.steps` steps on the vision tower and the table of words; returns the loss of each.

    What of the model learns afterwards is the caller's to say again.
    """
    model.requires_grad_(False)
    learned = list(_learned(model))
    for parameter in learned:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(learned, lr=seeing.rate, betas=BETAS, weight_decay=DECAY)
    schedule = Schedule(seeing.steps, WARMUP, FLOOR)
    draw, device = np.random.default_rng([seed, 1]), learned[0].device
    model.train()
    losses: list[float] = []
    while len(losses) < seeing.steps:
        shown = pictures_of(next(batches), draw, most=seeing.pictures)
        if not shown.tokens:
            continue
        for group in optimiser.param_groups:
            group["lr"] = seeing.rate * schedule.factor(len(losses))
        features = model.see(shown.patches.to(device), shown.grids)
        loss = word_loss(model, [features[t.to(device)] for t in shown.tokens], [w.to(device) for w in shown.words])
        loss.backward()
        if math.isfinite(float(nn.utils.clip_grad_norm_(learned, MAX_NORM))):
            optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(float(loss.detach()))
        if len(losses) % TELL == 0:
            tell(f"learns to see: step {len(losses)} of {seeing.steps}, loss {np.mean(losses[-TELL:]):.3f}")
    return losses


def pictures_of(examples: Sequence[Example], draw: np.random.Generator, *, most: int) -> Pictures:
    """At most `most` steps of each clip, drawn, with the objects that are there and have words."""
    patches, grids, tokens, words, first = [], [], [], [], 0
    for example in examples:
        grid = example.grid
        whose = tokens_of(example)
        for step in sorted(draw.permutation(grid.steps)[:most].tolist()):
            begin = step * grid.cells
            for number, ids in example.words.items():
                there = whose.get(number, np.zeros(0, dtype=np.int64)) - begin
                there = there[(there >= 0) & (there < grid.cells)]
                if len(there) and len(ids):
                    tokens.append(torch.from_numpy(there + first))
                    words.append(torch.from_numpy(ids))
            patches.append(example.patches[4 * begin : 4 * (begin + grid.cells)])
            grids.append(Grid(1, grid.rows, grid.cols))
            first += grid.cells
    return Pictures(torch.from_numpy(np.concatenate(patches)), grids, tokens, words)


def tokens_of(example: Example) -> dict[int, np.ndarray]:
    """The visual tokens of every object, by its number, whatever stands for them in the sequence."""
    found: dict[int, list[np.ndarray]] = {}
    for group in (g for g in example.arranged.groups if g.role is not Role.BESIDE):
        found.setdefault(round(float(group.meta[-1])), []).append(np.asarray(group.tokens, dtype=np.int64))
    return {number: np.unique(np.concatenate(parts)) for number, parts in found.items()}


def write_seen(folder: Path, model: Traser, *, version: str) -> None:
    """Keep what was learned, whole or not at all."""
    from safetensors.torch import save_file

    unfinished = folder / f".unfinished-{FILE}"
    save_file(_state(model), str(unfinished), metadata={VERSION: version})
    unfinished.replace(folder / FILE)


def read_seen(folder: Path, model: Traser, *, version: str) -> bool:
    """Take it back; False where there is none of this `version`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(folder / FILE), framework="pt") as file:
            if (file.metadata() or {}).get(VERSION) != version:
                return False
            kept = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, OSError):
        return False  # none, or one that was cut: it is made again
    with torch.no_grad():
        for name, tensor in _state(model).items():
            tensor.copy_(kept[name])
    return True


def _learned(model: Traser) -> Iterator[nn.Parameter]:
    inner = model.backbone.model
    yield from inner.visual.parameters()
    yield from model.backbone.get_input_embeddings().parameters()
    if model.backbone.lm_head.weight is not model.backbone.get_input_embeddings().weight:
        yield from model.backbone.lm_head.parameters()
    yield from inner.language_model.norm.parameters()


def _state(model: Traser) -> dict[str, Tensor]:
    """The tensors that `teach` moves, by name."""
    moved = {id(p) for p in _learned(model)}
    return {name: p.data for name, p in model.named_parameters() if id(p) in moved}
