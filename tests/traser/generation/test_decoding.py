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
from svg2_assets.traser.generation.limits import Limits
from svg2_assets.traser.generation.sampling import Sampler
from svg2_assets.traser.presets import Decoding, preset_of
from svg2_assets.traser.text import Clock, Statement, Task, Thing
from svg2_assets.traser.tokenizer import train_tokenizer
from tests.traser.generation.test_constraint import CLOCK, TEXT, check
from tests.traser.generation.writers import Dice, Script, Stubborn

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


def test_an_answer_that_is_stopped_keeps_what_is_complete(scribe: Scribe) -> None:
    script = Script([[*scribe.tokenizer.encode(TEXT), scribe.tokenizer.marks.end]], len(scribe.tokenizer))
    came: list[object] = []
    question = [Question(Task.SCENE_GRAPH, 2, CLOCK)]
    for _, item in scribe.stream(script, None, question, decoding=HELD, stopped=lambda: len(came) == 3):
        came.append(item)
    *items, written = came
    assert isinstance(written, Written)
    assert [type(item) for item in items] == [Thing, Thing, Statement]
    assert (written.ended, len(written.answer.told.statements)) == (False, 1)
    assert TEXT.startswith(written.text)


BEGINS = TEXT[: TEXT.index("[[1") + 2]
ON, UNDER, NEAR = '1, "on", 2, [[0, 3], [5, 10', '2, "under the", -1, [[0, 12', '2, "near", 1, [[4, 4'


@pytest.mark.parametrize("predicates", [None, ("on", "under the", "near")])
def test_who_repeats_a_relation_has_no_more_to_say(scribe: Scribe, predicates: tuple[str, ...] | None) -> None:
    """Free, it runs into the limit. Held, it is led elsewhere twice, that is not believed, and the answer ends."""
    stubborn = Stubborn(BEGINS, [ON, UNDER, ON], scribe.tokenizer)
    limits = replace(Limits.of(Task.SCENE_GRAPH, 2, CLOCK), predicates=predicates)
    question = [Question(Task.SCENE_GRAPH, 2, CLOCK, limits)]
    (free,) = scribe.write(stubborn, None, question, decoding=FREE)
    (held,) = scribe.write(stubborn, None, question, decoding=HELD)
    assert (free.ended, free.tokens) == (False, 400)
    assert held.ended
    assert held.text.startswith(TEXT[:-2])
    assert len(json.loads(held.text)["relationships"]) == 4
    assert [s.key for s in held.answer.told.statements] == [(1, "on", 2), (2, "under the", -1)]
    assert [r.flaw for r in held.answer.remarks] == [Flaw.LED_AWAY] * 2


def test_what_has_been_said_of_all_objects_is_a_repetition_too(scribe: Scribe) -> None:
    """Between two things a predicate that was used cannot even be ended; it becomes a longer one."""
    stubborn = Stubborn(BEGINS, [ON, NEAR, ON], scribe.tokenizer)
    limits = Limits(Task.SCENE_GRAPH, 2, 21, camera_subject=False, camera_object=False)
    (held,) = scribe.write(stubborn, None, [Question(Task.SCENE_GRAPH, 2, CLOCK, limits)], decoding=HELD)
    assert [s.key for s in held.answer.told.statements] == [(1, "on", 2), (2, "near", 1)]
    assert [r.flaw for r in held.answer.remarks] == [Flaw.LED_AWAY] * 2
    check(held.text, limits)


def test_a_relation_between_repetitions_is_believed(scribe: Scribe) -> None:
    stubborn = Stubborn(BEGINS, [ON, UNDER, ON, NEAR, UNDER, ON], scribe.tokenizer)
    (held,) = scribe.write(stubborn, None, [Question(Task.SCENE_GRAPH, 2, CLOCK)], decoding=HELD)
    assert [s.key for s in held.answer.told.statements] == [(1, "on", 2), (2, "under the", -1), (2, "near", 1)]
    assert [r.flaw for r in held.answer.remarks] == [Flaw.LED_AWAY] * 3


def test_who_repeats_an_attribute_comes_to_the_next_object(scribe: Scribe) -> None:
    begins = '{"objects": [{"object 1": "dog", "attributes": ["brown"'
    stubborn = Stubborn(begins, [""], scribe.tokenizer, between=', "small"')
    (held,) = scribe.write(stubborn, None, [Question(Task.ATTRIBUTES, 1, CLOCK)], decoding=HELD)
    assert held.answer.told.things == (Thing(1, "dog", ("brown", "small")),)
    assert held.answer.clean


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
