"""Learning to tell from the slots alone: what fills an object's slots must tell its words, whatever the text says, and
what fills those of a pair what holds between the two.

The language loss reaches the resamplers only by way of a language model that already looks at the right slots, and
that one has no reason to look while they say nothing. This loss goes round it: the slots of an object, read by the
model's own output table as if they were its last hidden states, must give the tokens of its name and attributes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.training.values import Seen
from svg2_assets.traser.values import Example, Role

LEAST = 1e-6  # of a probability, so that its logarithm is finite
MOST_SLOTS = 1024  # that are read at once: over the released vocabulary their logits take 0.6 GB


def naming(model: Traser, seen: Seen, draw: np.random.Generator) -> Tensor:
    """Mean over objects and their words of `-log p`, p the mean over the object's slots of a word's probability.

    The mean lets a slot tell the name and another one a colour; alike slots gain nothing. 0 where no object has a word.
    """
    slots, words, embedded = [], [], seen.embedded
    for row, example in enumerate(seen.examples):
        for number, ids in example.words.items():
            taken = np.concatenate([np.zeros(0, dtype=np.int64), *_slots_of(example, number)])
            if len(taken) and len(ids):
                slots.append(embedded[row, torch.from_numpy(taken).to(embedded.device)])
                words.append(torch.from_numpy(ids).to(embedded.device))
    if not slots:
        return embedded.sum() * 0.0
    return word_loss(model, *_some(slots, words, draw))


def stating(model: Traser, seen: Seen, draw: np.random.Generator) -> Tensor:
    """The same of relations: the slots of a pair's step must give the tokens of the predicates that hold on it.

    A pair of which nothing holds gives the mark that every slot stands under. 0 where nothing is stated.
    """
    slots, words, embedded = [], [], seen.embedded
    for row, example in enumerate(seen.examples):
        for place, ids in example.stated.items():
            group = example.arranged.groups[place]
            slots.append(embedded[row, group.start : group.start + group.slots])
            told = ids if len(ids) else example.arranged.ids[group.start : group.start + 1]
            words.append(torch.from_numpy(told).to(embedded.device))
    if not slots:
        return embedded.sum() * 0.0
    return word_loss(model, *_some(slots, words, draw))


def word_loss(model: Traser, shown: Sequence[Tensor], words: Sequence[Tensor]) -> Tensor:
    """The loss of objects that `shown[k]` [n_k, D] stand for and that are called `words[k]` [m_k]."""
    read = model.backbone.model.language_model.norm(torch.cat(list(shown)))
    told = functional.softmax(model.backbone.lm_head(read).float(), dim=-1).split([len(s) for s in shown])
    found = [p.mean(dim=0)[ids].clamp(min=LEAST).log().mean() for p, ids in zip(told, words, strict=True)]
    return -torch.stack(found).mean()


def _some(
    slots: Sequence[Tensor], words: Sequence[Tensor], draw: np.random.Generator
) -> tuple[list[Tensor], list[Tensor]]:
    """All of them, or as many, drawn, as have no more than `MOST_SLOTS` slots; at least one."""
    if sum(map(len, slots)) <= MOST_SLOTS:
        return list(slots), list(words)
    order = draw.permutation(len(slots))
    taken = np.cumsum([len(slots[k]) for k in order])
    chosen = order[: max(1, int(np.searchsorted(taken, MOST_SLOTS, side="right")))].tolist()
    return [slots[k] for k in chosen], [words[k] for k in chosen]


def _slots_of(example: Example, number: int) -> Iterator[np.ndarray]:
    """Positions of the slots of the groups that show object `number`."""
    for group in example.arranged.groups:
        if group.role is not Role.BESIDE and round(float(group.meta[-1])) == number:
            yield np.arange(group.start, group.start + group.slots)
