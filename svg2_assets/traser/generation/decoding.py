"""Answers to a batch of clips, token by token: items as soon as they are complete, then each whole answer."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from svg2_assets.traser.answers import Answer, Reader
from svg2_assets.traser.generation.constraint import Constraint
from svg2_assets.traser.generation.grammar import Rules
from svg2_assets.traser.generation.limits import Limits
from svg2_assets.traser.generation.sampling import Sampler
from svg2_assets.traser.generation.vocabulary import Vocabulary
from svg2_assets.traser.presets import Decoding
from svg2_assets.traser.text import Clock, Statement, Task, Thing
from svg2_assets.traser.tokenizer import QwenTokenizer


class Writer(Protocol):
    """A network that continues sequences; `Traser` is one."""

    def prefill(self, batch: Any) -> tuple[Any, Any]:
        """Logits [B, V] of the token after each sequence of `batch`, and the state to go on from."""
        ...

    def step(self, ids: Any, state: Any) -> Any:
        """Logits [B, V] after one more token `ids` [B] in each; `state` moves on."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one clip: the task, how many objects are in the input, its clock, and, where its answer is to
    be held to other limits than `Limits.of` gives, those."""

    task: Task
    objects: int
    clock: Clock
    limits: Limits | None = None

    @property
    def bounds(self) -> Limits:
        """The limits."""
        return self.limits or Limits.of(self.task, self.objects, self.clock)


@dataclass(frozen=True, slots=True)
class Written:
    """A whole answer: its text, what it says, its tokens with the end's, and whether it came to an end by itself."""

    text: str
    answer: Answer
    tokens: int
    ended: bool


MOST_REPETITIONS = 2
"""So many relations in a row that would have been repetitions end an answer that is held to its form."""

Event = tuple[int, Thing | Statement | Written]
"""The row of the batch, and what is complete in it."""


class Scribe:
    """Decodes with one tokenizer; what it derives from the vocabulary is made once."""

    def __init__(self, tokenizer: QwenTokenizer) -> None:
        self.tokenizer = tokenizer
        self._vocabulary: Vocabulary | None = None

    @property
    def vocabulary(self) -> Vocabulary:
        """For answers that are held to their form."""
        if self._vocabulary is None:
            self._vocabulary = Vocabulary.of(self.tokenizer)
        return self._vocabulary

    def write(
        self, writer: Writer, batch: Any, questions: Sequence[Question], *, decoding: Decoding, seed: int = 0
    ) -> list[Written]:
        """The answers to `questions`, one a row of `batch`."""
        events = self.stream(writer, batch, questions, decoding=decoding, seed=seed)
        whole = {row: found for row, found in events if isinstance(found, Written)}
        return [whole[row] for row in range(len(questions))]

    def stream(
        self,
        writer: Writer,
        batch: Any,
        questions: Sequence[Question],
        *,
        decoding: Decoding,
        seed: int = 0,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Iterator[Event]:
        """Each thing and statement when it is complete, and each answer when it is.

        A row that has ended goes on with padding until the last has. Once `stopped`, answers are as far as they have
        come. Raises `ValueError` where answers are held to
        their form and not even the shortest fits into `decoding.most_new_tokens`.
        """
        rows = [self._row(q, decoding) for q in questions]
        sampler = Sampler(decoding, seed=seed)
        logits, state = writer.prefill(batch)
        for at in range(decoding.most_new_tokens):
            logits = torch.as_tensor(logits)
            allowed = [r.constraint.allowed() if r.constraint and not r.ended else None for r in rows]
            picks = sampler.pick(logits, allowed)
            for number, row in enumerate(rows):
                if row.ended:
                    continue
                may = allowed[number]
                if may is not None and sampler.would_repeat(logits[number], may):
                    row.repeats()
                yield from ((number, item) for item in row.take(picks[number], self.tokenizer))
            if all(r.ended for r in rows) or at + 1 == decoding.most_new_tokens or stopped():
                break
            pad = self.tokenizer.marks.pad
            ids = [pad if r.ended else i for r, i in zip(rows, picks, strict=True)]
            logits = writer.step(torch.tensor(ids, device=logits.device), state)
        yield from ((number, row.written()) for number, row in enumerate(rows) if not row.ended)

    def _row(self, question: Question, decoding: Decoding) -> _Row:
        constraint = None
        if decoding.constrained:
            rules = Rules(question.bounds)
            constraint = Constraint(rules, self.vocabulary, most_tokens=decoding.most_new_tokens)
        marks = self.tokenizer.marks
        return _Row(Reader(question.objects, question.clock), constraint, ends=(marks.end, marks.pad))


class _Row:
    """One answer as it grows."""

    def __init__(self, reader: Reader, constraint: Constraint | None, *, ends: tuple[int, ...]) -> None:
        self.reader, self.constraint, self.ends = reader, constraint, ends
        self.ended = False
        self._repetitions = 0
        self._tokens = 0
        self._texts: list[str] = []
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def repeats(self) -> None:
        """What is being written would be a repetition, and becomes something else only because it may not be one: it is
        not believed, and a writer who goes on so has nothing more to say."""
        if self.reader.disbelieve():
            self._repetitions += 1
        if self._repetitions >= MOST_REPETITIONS and self.constraint is not None:
            self.constraint.conclude()

    def take(self, token: int, tokenizer: QwenTokenizer) -> Iterator[Thing | Statement | Written]:
        self._tokens += 1
        if self.constraint is not None:
            self.constraint.push(token)
        if token in self.ends:
            self.ended = True
            yield self.written()
        else:
            pieces = tokenizer.pieces
            text = self._utf8.decode((pieces[token] if token < len(pieces) else None) or b"")
            self._texts.append(text)
            found = self.reader.feed(text)
            if found:
                self._repetitions = 0
            yield from found

    def written(self) -> Written:
        return Written("".join(self._texts), self.reader.close(), self._tokens, self.ended)
