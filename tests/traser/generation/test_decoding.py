"""Batches decoded: valid whatever the logits, row by row, item by item, as the presets decode."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from svg2_assets.traser.answers import Flaw
from svg2_assets.traser.generation.decoding import Question, Scribe, Written
from svg2_assets.traser.generation.sampling import Sampler
from svg2_assets.traser.presets import Decoding, preset_of
from svg2_assets.traser.text import Clock, Statement, Task, Thing
from svg2_assets.traser.tokenizer import train_tokenizer
from tests.traser.generation.test_constraint import CLOCK, TEXT, check
from tests.traser.generation.writers import Dice, Script

QUESTIONS = [
    Question(Task.SCENE_GRAPH, 3, CLOCK),
    Question(Task.OBJECTS, 1, Clock(2.0)),
    Question(Task.RELATIONSHIPS, 2, Clock(130.0)),
    Question(Task.ATTRIBUTES, 0, CLOCK),
]
HELD = replace(preset_of("default").decoding, most_new_tokens=700)
FREE = Decoding(repetition_penalty=1.0, most_new_tokens=400)


@pytest.fixture(scope="module")
def scribe() -> Scribe:
    return Scribe(train_tokenizer([TEXT] * 20, size=420))


@pytest.mark.parametrize("broken", [False, True])
@pytest.mark.parametrize(
    "decoding", [HELD, replace(HELD, temperature=2.0, top_p=0.9), replace(HELD, repetition_penalty=1.2)]
)
def test_whatever_the_logits_the_answers_are_valid(scribe: Scribe, decoding: Decoding, broken: bool) -> None:
    for seed in range(4):
        dice = Dice(len(QUESTIONS), len(scribe.tokenizer) + 30, seed=seed, broken=broken)
        answers = scribe.write(dice, None, QUESTIONS, decoding=decoding, seed=seed)
        for question, written in zip(QUESTIONS, answers, strict=True):
            assert written.ended
            assert written.tokens <= decoding.most_new_tokens
            check(written.text, question.bounds)


def test_the_smallest_budget_is_enough_and_less_is_refused(scribe: Scribe) -> None:
    tight = replace(HELD, most_new_tokens=140)
    for seed in range(20):
        (written,) = scribe.write(Dice(1, 450, seed=seed), None, QUESTIONS[:1], decoding=tight)
        check(written.text, QUESTIONS[0].bounds)
    with pytest.raises(ValueError, match="an answer about 3 objects takes up to"):
        scribe.write(Dice(1, 450), None, QUESTIONS[:1], decoding=replace(HELD, most_new_tokens=139))


def test_rows_stop_one_by_one_and_the_batch_with_the_last(scribe: Scribe) -> None:
    say, marks = scribe.tokenizer.encode, scribe.tokenizer.marks
    texts = ['{"objects": []}', TEXT]
    script = Script([[*say(t), marks.end] for t in texts], len(scribe.tokenizer))
    questions = [Question(Task.SCENE_GRAPH, 0, CLOCK), Question(Task.SCENE_GRAPH, 2, CLOCK)]
    answers = scribe.write(script, None, questions, decoding=FREE)
    assert [a.text for a in answers] == texts
    assert [a.tokens for a in answers] == [len(ids) for ids in script.texts]
    assert len(script.heard) == len(script.texts[1]) - 1
    assert {heard[0] for heard in script.heard[len(script.texts[0]) - 1 :]} == {marks.pad}
    assert all(a.answer.clean for a in answers)


def test_items_come_when_they_are_complete_and_the_answer_last(scribe: Scribe) -> None:
    script = Script([[*scribe.tokenizer.encode(TEXT), scribe.tokenizer.marks.end]], len(scribe.tokenizer))
    came = []
    for row, item in scribe.stream(script, None, [Question(Task.SCENE_GRAPH, 2, CLOCK)], decoding=HELD):
        came.append((len(script.heard), item))
        assert row == 0
    kinds = [type(item) for _, item in came]
    assert kinds == [Thing, Thing, Statement, Statement, Written]
    steps = [at for at, _ in came]
    assert steps == sorted(steps)
    assert len(set(steps)) == len(steps), "each item comes in its own step"
    assert came[-1][1].text == TEXT


def test_an_answer_cut_by_the_limit_keeps_what_is_complete(scribe: Scribe) -> None:
    script = Script([scribe.tokenizer.encode(TEXT)], len(scribe.tokenizer))
    whole = len(script.texts[0])
    (written,) = scribe.write(
        script, None, [Question(Task.SCENE_GRAPH, 2, CLOCK)], decoding=replace(FREE, most_new_tokens=whole - 3)
    )
    assert (written.ended, written.tokens) == (False, whole - 3)
    assert [t.name for t in written.answer.told.things] == ["dog", "straw mat"]
    assert Flaw.CUT in {r.flaw for r in written.answer.remarks}


def test_a_loop_is_broken_by_the_form(scribe: Scribe) -> None:
    """Who repeats one relation for ever says it once when held, and runs into the limit when not."""
    say = scribe.tokenizer.encode
    loop = say(TEXT[:-2]) + say(', [1, "on", 2, [[0, 3], [5, 10]]]') * 100
    question = [Question(Task.SCENE_GRAPH, 2, CLOCK)]
    (free,) = scribe.write(Script([loop], 450), None, question, decoding=FREE)
    (held,) = scribe.write(Script([loop], 450), None, question, decoding=replace(HELD, most_new_tokens=400))
    assert not free.ended
    assert free.tokens == 400
    assert held.ended
    keys = [tuple(r[:3]) for r in json.loads(held.text)["relationships"]]
    assert len(keys) == len(set(keys))
    assert held.text.startswith(TEXT[:-2])


def test_bytes_of_a_character_in_several_tokens_are_joined(scribe: Scribe) -> None:
    text = '{"objects": [{"object 1": "カメラ"}]}'
    script = Script([[*scribe.tokenizer.encode(text), scribe.tokenizer.marks.end]], len(scribe.tokenizer))
    (written,) = scribe.write(script, None, [Question(Task.OBJECTS, 1, CLOCK)], decoding=FREE)
    assert written.text == text


def test_chance_is_repeated_by_its_seed(scribe: Scribe) -> None:
    loose = replace(HELD, temperature=1.5, top_p=0.95)

    def said(seed: int) -> str:
        return scribe.write(Dice(1, 450, seed=1), None, QUESTIONS[:1], decoding=loose, seed=seed)[0].text

    assert said(3) == said(3)
    assert said(3) != said(4)


def test_penalty_and_nucleus_are_transformers(scribe: Scribe) -> None:
    from transformers import RepetitionPenaltyLogitsProcessor, TopPLogitsWarper

    from svg2_assets.traser.generation.sampling import _nucleus

    logits = torch.randn(3, 40, generator=torch.Generator().manual_seed(0))
    nucleus = TopPLogitsWarper(0.8)(None, logits)
    assert torch.equal(torch.stack([_nucleus(row, 0.8) for row in logits]), nucleus)

    sampler = Sampler(Decoding(repetition_penalty=1.3))
    ids = torch.empty(3, 0, dtype=torch.long)
    for _ in range(30):
        wanted = RepetitionPenaltyLogitsProcessor(1.3)(ids, logits.clone()) if ids.shape[1] else logits
        picks = sampler.pick(logits, [None] * 3)
        assert picks == wanted.argmax(-1).tolist()
        ids = torch.cat([ids, torch.tensor(picks)[:, None]], 1)
    assert len(set(ids[0].tolist())) > 1
