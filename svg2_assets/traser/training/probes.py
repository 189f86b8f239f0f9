"""How blind a model is: what wrong answers, and clips shown wrongly, cost it on held-out samples.

A model that reads time and direction off a clip finds the true answer much likelier than one with every relation at
another time (`SHIFTED`) or its ends exchanged (`SWAPPED`), and less likely when the clip runs backwards (`REVERSED`) or
what an object's tokens show is dealt out among their places (`SHUFFLED`). The released model was probed like that.

Wrong answers may also be unlikely as text: a model that sees nothing learns how answers go. What of a gap comes from
looking is what is left of it when the gap of the same two answers to a stranger's clip is taken off (`STRANGE` and the
two after it). `UNSEEN` is the clip without its pictures, all else as it is: where the answers come from boxes or from
text alone, it costs nothing.
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
from svg2_assets.traser.values import MEAN, PATCH_VALUES, Arranged, Example


class Probe(StrEnum):
    """What is asked for its loss: the truth, or the truth changed in one way."""

    TRUE = "true"
    SHIFTED = Alteration.SHIFTED.value
    SWAPPED = Alteration.SWAPPED.value
    REVERSED = "reversed"
    SHUFFLED = "shuffled"
    UNSEEN = "unseen"
    STRANGE = "strange"
    STRANGE_SHIFTED = "strange, shifted"
    STRANGE_SWAPPED = "strange, swapped"


GAPS = (Probe.SHIFTED, Probe.SWAPPED, Probe.REVERSED, Probe.SHUFFLED, Probe.UNSEEN, Probe.STRANGE)
"""Those whose loss stands above that of the truth."""
OF_STRANGER = {Probe.SHIFTED: Probe.STRANGE_SHIFTED, Probe.SWAPPED: Probe.STRANGE_SWAPPED}
"""Wrong answers, and the same to a stranger's clip."""


def probes_of(
    sample: Sample, make: ExampleMaker, task: Task, *, seed: int = 0, stranger: Sample | None = None
) -> dict[Probe, Example]:
    """The examples of one sample; alterations that change nothing of it are left out. Raises `Unusable`.

    `stranger`: another sample with as many objects, of as long a clip, to which the answers are given as well.
    """
    true = replace(make, altered=True)(sample, task)
    found = {Probe.TRUE: true}
    asked = {probe.value for probe in Probe}
    found |= {Probe(name): with_answer(true, ids) for name, ids in true.altered.items() if name in asked}
    backwards = make(backwards_of(sample), task)
    found[Probe.REVERSED] = with_answer(backwards, _answer(true))
    found[Probe.SHUFFLED] = shuffled(true, np.random.default_rng(seed))
    found[Probe.UNSEEN] = replace(true, patches=_grey(len(true.patches)))
    if stranger is not None:
        other = make(stranger, task)
        found[Probe.STRANGE] = with_answer(other, _answer(true))
        given = {probe: found[probe] for probe in OF_STRANGER if probe in found}
        found |= {OF_STRANGER[probe]: with_answer(other, _answer(example)) for probe, example in given.items()}
    return found


def _grey(count: int) -> np.ndarray:
    """Patches [count, 1176] uint8 of no picture: the mean colour, which a tower takes for zeros."""
    colour = np.round(255 * np.asarray(MEAN)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(np.repeat(colour, PATCH_VALUES // len(MEAN)), (count, PATCH_VALUES)))


def looked(losses: Mapping[Probe, float], probe: Probe) -> float | None:
    """The gap of a wrong answer that comes from looking, in nats a token; None where the sample has no such answer."""
    if probe not in losses or OF_STRANGER[probe] not in losses:
        return None
    return (losses[probe] - losses[Probe.TRUE]) - (losses[OF_STRANGER[probe]] - losses[Probe.STRANGE])


def stranger_of(samples: Sequence[Sample], k: int) -> Sample | None:
    """The next of `samples` with as many objects as sample `k` and of the same length, in a circle."""
    mine = samples[k]
    for step in range(1, len(samples)):
        other = samples[(k + step) % len(samples)]
        if len(other.objects) == len(mine.objects) and other.video.duration == mine.video.duration:
            return other
    return None


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
