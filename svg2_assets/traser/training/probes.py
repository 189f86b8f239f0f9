"""How blind a model is: what wrong answers, and clips shown wrongly, cost it on held-out samples.

A model that reads time and direction off a clip finds the true answer much likelier than one with every relation at
another time (`SHIFTED`) or its ends exchanged (`SWAPPED`), and less likely when the clip runs backwards (`REVERSED`) or
what an object's tokens show is dealt out among their places (`SHUFFLED`). The released model was probed like that.

Wrong answers may also be unlikely as text: a model that sees nothing learns how answers go. `UNSEEN` tells the two
apart: the same clip without its pictures, all else as it is. A model that it costs nothing has not learned to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np
import torch

from svg2_assets.traser.altering import Alteration
from svg2_assets.traser.arrangement import IGNORED
from svg2_assets.traser.network.model import Traser, collate
from svg2_assets.traser.samples.examples import ExampleMaker
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.text import Task
from svg2_assets.traser.values import Arranged, Example


class Probe(StrEnum):
    """What is asked for its loss: the truth, or the truth changed in one way."""

    TRUE = "true"
    SHIFTED = Alteration.SHIFTED.value
    SWAPPED = Alteration.SWAPPED.value
    REVERSED = "reversed"
    SHUFFLED = "shuffled"
    UNSEEN = "unseen"


GAPS = tuple(probe for probe in Probe if probe is not Probe.TRUE)


def probes_of(sample: Sample, make: ExampleMaker, task: Task, *, seed: int = 0) -> dict[Probe, Example]:
    """The examples of one sample; alterations that change nothing of it are left out. Raises `Unusable`."""
    true = replace(make, altered=True)(sample, task)
    found = {Probe.TRUE: true}
    found |= {Probe(name): with_answer(true, ids) for name, ids in true.altered.items()}
    backwards = make(backwards_of(sample), task)
    found[Probe.REVERSED] = with_answer(backwards, _answer(true))
    found[Probe.SHUFFLED] = shuffled(true, np.random.default_rng(seed))
    found[Probe.UNSEEN] = replace(true, patches=np.zeros_like(true.patches))
    return found


def losses(
    model: Traser, probed: Sequence[Mapping[Probe, Example]], *, pad: int, batch: int = 16
) -> list[dict[Probe, float]]:
    """Mean loss of a token of each example's answer, sample by sample."""
    found: list[dict[Probe, float]] = [{} for _ in probed]
    flat = [(k, probe, example) for k, one in enumerate(probed) for probe, example in one.items()]
    for k, probe, loss in _measured(model, flat, pad=pad, batch=batch):
        found[k][probe] = loss
    return found


def with_answer(example: Example, ids: np.ndarray) -> Example:
    """The same clip and question with another answer."""
    arranged = example.arranged
    start = int((arranged.labels != IGNORED).argmax())
    asked = Arranged(
        np.concatenate([arranged.ids[:start], ids]),
        np.concatenate([arranged.labels[:start], ids]),
        arranged.groups,
    )
    return replace(example, arranged=asked)


def shuffled(example: Example, draw: np.random.Generator) -> Example:
    """The tokens of every group dealt out anew among its places."""
    groups = tuple(replace(g, tokens=draw.permutation(g.tokens)) for g in example.arranged.groups)
    return replace(example, arranged=replace(example.arranged, groups=groups))


def backwards_of(sample: Sample) -> Sample:
    """The sample with its frames, and the masks on them, in reverse; times and relations stay."""
    return replace(sample, pictures=sample.pictures[::-1], masks=tuple(row[::-1] for row in sample.masks))


def _answer(example: Example) -> np.ndarray:
    labels = example.arranged.labels
    return np.asarray(labels[labels != IGNORED])


@torch.no_grad()
def _measured(
    model: Traser, flat: Sequence[tuple[int, Probe, Example]], *, pad: int, batch: int
) -> Iterator[tuple[int, Probe, float]]:
    model.eval()
    device = next(model.parameters()).device
    order = sorted(flat, key=lambda item: len(item[2].arranged))
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        found = model.token_losses(collate([example for _, _, example in part], pad=pad).to(device))
        for (k, probe, _), loss in zip(part, found.tolist(), strict=True):
            yield k, probe, loss
