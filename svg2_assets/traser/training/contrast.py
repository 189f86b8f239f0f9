"""Learning against wrong answers: the true one must be likelier by a margin, given what the model sees.

The language loss alone is content with a model that knows how answers look. A relation at another time, or with its
ends exchanged, looks just as well: only the slots can tell it from the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from svg2_assets.traser.arrangement import IGNORED
from svg2_assets.traser.network.model import Batch, Traser
from svg2_assets.traser.training.values import Seen

MARGIN = 0.3  # nats a token
SHARE = 0.5  # of the samples of a batch whose answer is altered


def contrast(model: Traser, seen: Seen, draw: np.random.Generator) -> Tensor:
    """Mean of `max(0, MARGIN - (loss of a wrong answer - loss of the true one))`, one wrong answer a sample drawn.

    What the wrong answers follow is taken from the embeddings that are there. 0 where no sample has a wrong answer.
    """
    able = [row for row, example in enumerate(seen.examples) if example.altered]
    if not able:
        return seen.embedded.sum() * 0.0
    rows = sorted(draw.permutation(able)[: max(1, round(SHARE * len(seen.examples)))].tolist())
    wrong = [_drawn(list(seen.examples[row].altered.values()), draw) for row in rows]
    altered = model.answer_losses(*_with_answers(model, seen, rows, wrong))
    return functional.relu(MARGIN - (altered - seen.answers[rows])).mean()


def _drawn(answers: Sequence[np.ndarray], draw: np.random.Generator) -> np.ndarray:
    return answers[int(draw.integers(len(answers)))]


def _with_answers(
    model: Traser, seen: Seen, rows: Sequence[int], answers: Sequence[np.ndarray]
) -> tuple[Tensor, Batch]:
    """The rows' embeddings with other answers in place of theirs, and the batch that they make."""
    batch, embedded = seen.batch, seen.embedded
    starts = (batch.labels[list(rows)] != IGNORED).int().argmax(dim=1).tolist()
    look = model.backbone.get_input_embeddings()
    longest = max(start + len(ids) for start, ids in zip(starts, answers, strict=True))
    made, labels = [], torch.full((len(rows), longest), IGNORED, device=embedded.device)
    for place, (row, start, answer) in enumerate(zip(rows, starts, answers, strict=True)):
        ids = torch.as_tensor(np.asarray(answer), device=embedded.device)
        labels[place, start : start + len(ids)] = ids
        whole = torch.cat([embedded[row, :start], look(ids).to(embedded.dtype)])
        made.append(functional.pad(whole, (0, 0, 0, longest - len(whole))))
    positions = torch.arange(longest, device=embedded.device).expand(3, len(rows), -1)
    return torch.stack(made), replace(batch, labels=labels, positions=positions)
