"""Whatever a writer would say, what it may say is a valid answer that comes to its end within the budget."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")

from svg2_assets.traser.answers import read_answer
from svg2_assets.traser.generation.constraint import Constraint
from svg2_assets.traser.generation.grammar import Rules
from svg2_assets.traser.generation.limits import Limits
from svg2_assets.traser.generation.vocabulary import UnusableVocabulary, Vocabulary
from svg2_assets.traser.text import Clock, Task, Told, target_text
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer
from tests.traser.test_answers import tellings
from tests.traser.test_tokenizer import real_ranks

many = settings(max_examples=150, deadline=None)
TEXT = (
    '{"objects": [{"object 1": "dog", "attributes": ["brown", "small"]}, {"object 2": "straw mat", "attributes": []}], '
    '"relationships": [[1, "on", 2, [[0, 3], [5, 10]]], [2, "under the", -1, [[0, 12]]]]}'
)
ODD = '["red!", "red.", "red!"]}, {"object 3": "mat?"}, {"object 4": "dog!"}], "relationships": [[1, "on!", 2'
"""Gives tokens that hold the end of a string and what follows it."""
CLOCK = Clock(20.5)


@pytest.fixture(scope="module")
def tokenizer() -> QwenTokenizer:
    return train_tokenizer([TEXT, ODD] * 20, size=450)


@pytest.fixture(scope="module")
def vocabulary(tokenizer: QwenTokenizer) -> Vocabulary:
    return Vocabulary.of(tokenizer)


def constraint(limits: Limits, vocabulary: Vocabulary, *, more: int = 0) -> Constraint:
    rules = Rules(limits)
    return Constraint(rules, vocabulary, most_tokens=rules.cost(rules.start()) + more)


def choices(held: Constraint, *, eager: bool) -> np.ndarray:
    """Every token that may come; `eager`: those that go on with a string, where there are any."""
    may = held.allowed()
    within = np.setdiff1d(np.flatnonzero(may.mask), may.less) if may.mask is not None else may.ids[:0]
    return within if eager and len(within) else np.union1d(may.ids, within)


def written(held: Constraint, rng: np.random.Generator, *, eager: float = 0.0) -> list[int]:
    ids: list[int] = []
    while not held.done:
        may = choices(held, eager=rng.random() < eager)
        assert len(may), "a dead end"
        ids.append(int(rng.choice(may)))
        held.push(ids[-1])
    return ids


@st.composite
def bounds(draw: st.DrawFn) -> Limits:
    objects = draw(st.integers(0, 6))
    numbers = draw(st.integers(1, 130))
    shown = None
    if draw(st.booleans()):
        ends = st.lists(st.integers(0, numbers - 1), min_size=2, max_size=2).map(sorted)
        shown = [(a, b) for a, b in (draw(ends) for _ in range(objects))]
    return Limits(
        draw(st.sampled_from(list(Task))),
        objects,
        numbers,
        camera_subject=draw(st.booleans()),
        camera_object=draw(st.booleans()),
        most_relations=draw(st.integers(0, 20)),
        most_spans=draw(st.integers(1, 4)),
        most_attributes=draw(st.integers(0, 4)),
        most_characters=draw(st.integers(1, 20)),
        names=draw(st.sampled_from([None, ("dog", "mat", "straw mat")])),
        attributes=draw(st.sampled_from([None, ("red", "blue")])),
        predicates=draw(st.sampled_from([None, ("on", "under the", "a")])),
        shown=shown,
    )


@many
@given(bounds(), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 7, 60, 400]), st.sampled_from([0.0, 0.5, 1.0]))
def test_any_choice_gives_a_valid_answer(
    vocabulary: Vocabulary, tokenizer: QwenTokenizer, limits: Limits, seed: int, more: int, eager: float
) -> None:
    held = constraint(limits, vocabulary, more=more)
    budget = held.left
    ids = written(held, np.random.default_rng(seed), eager=eager)
    assert len(ids) <= budget
    check(tokenizer.decode(ids), limits)


def check(text: str, limits: Limits) -> None:
    """Against the limits, from the text alone."""
    told = json.loads(text)
    assert json.dumps(told, ensure_ascii=False) == text
    answer = read_answer(text, objects=limits.objects, clock=Clock(limits.numbers))
    assert answer.clean, answer.remarks
    assert [next(iter(entry)) for entry in told["objects"]] == [f"object {k}" for k in range(1, limits.objects + 1)]
    assert limits.names is None or {t.name for t in answer.told.things} <= set(limits.names)
    for thing, entry in zip(answer.told.things, told["objects"], strict=True):
        assert ("attributes" in entry) == limits.task.tells_attributes
        listed = entry.get("attributes", [])
        assert len(listed) <= limits.most_attributes
        assert len(set(listed[:-1])) == len(listed[:-1]), "a repetition is the last"
        assert limits.attributes is None or set(thing.attributes) <= set(limits.attributes)
    relations = told.get("relationships", [])
    assert len(relations) == len(answer.told.statements) <= limits.most_relations
    assert not relations or limits.task.tells_relations
    for subject, predicate, target, spans in relations:
        assert target in limits.partners[subject]
        assert limits.predicates is None or predicate in limits.predicates
        window = limits.window(subject, target)
        assert window is not None
        assert window[0] <= spans[0][0] <= spans[-1][1] <= window[1]
        assert 1 <= len(spans) <= limits.most_spans
        assert all(a[1] + 1 < b[0] for a, b in pairwise(spans))


@many
@given(tellings())
def test_every_target_can_be_written(vocabulary: Vocabulary, tokenizer: QwenTokenizer, told: Told) -> None:
    text = target_text(told, task=Task.SCENE_GRAPH, clock=CLOCK)
    words = [w for t in told.things for w in (t.name, *t.attributes)] + [s.predicate for s in told.statements]
    spelt = all(tokenizer.pieces[i] in vocabulary.id_of for i in tokenizer.encode(text))
    if not spelt or "\\" in text or not all(w[0].isalnum() for w in words):
        return  # characters that this small vocabulary has no token for, escapes, strings that begin with a sign
    held = constraint(Limits.of(Task.SCENE_GRAPH, len(told.things), CLOCK), vocabulary, more=2000)
    for token in [*tokenizer.encode(text), tokenizer.marks.end]:
        assert token in held.allowed(), text
        held.push(token)
    assert held.done


def test_every_spelling_of_an_answer_may_be_used(vocabulary: Vocabulary, tokenizer: QwenTokenizer) -> None:
    """Cut anywhere, each half in its own tokens."""
    for at in range(1, len(TEXT)):
        held = constraint(Limits.of(Task.SCENE_GRAPH, 2, CLOCK), vocabulary, more=500)
        for token in [*tokenizer.encode(TEXT[:at]), *tokenizer.encode(TEXT[at:])]:
            assert token in held.allowed(), (at, tokenizer.pieces[token])
            held.push(token)
        assert held.complete


def test_what_is_allowed_is_what_the_bytes_allow(vocabulary: Vocabulary) -> None:
    """The quick way finds the tokens that trying each one finds, with much of the budget left and with little."""
    limits = Limits(Task.SCENE_GRAPH, 3, 12, most_characters=30, most_attributes=2, predicates=("on", "under the"))
    for seed in range(30):
        free = limits if seed % 2 else replace(limits, predicates=None)
        held = constraint(free, vocabulary, more=60 if seed % 3 else 5)
        rng = np.random.default_rng(seed)
        while not held.done:
            may = choices(held, eager=False)
            if rng.random() < 0.2 and not held.complete:
                assert set(may.tolist()) == set(tried(held, vocabulary))
            held.push(int(rng.choice(may)))


def tried(held: Constraint, vocabulary: Vocabulary) -> list[int]:
    found = []
    for token, piece in vocabulary.piece.items():
        position = held._follow(held._position, piece)
        if position is not None and held._affordable(position):
            found.append(token)
    return found


def test_a_repetition_ends_the_list_of_attributes_in_any_spelling(
    vocabulary: Vocabulary, tokenizer: QwenTokenizer
) -> None:
    limits = Limits(Task.ATTRIBUTES, 1, 1)
    held = constraint(limits, vocabulary, more=300)
    for token in tokenizer.encode('{"objects": [{"object 1": "dog", "attributes": ["red!", "red'):
        held.push(token)
    may = {vocabulary.piece[int(i)] for i in choices(held, eager=False)}
    assert {b'!"', b'.",', b'",', b"!"} <= may, "the vocabulary has them, and they may come"
    assert b'!",' in vocabulary.id_of
    assert b'!",' not in may
    held.push(vocabulary.id_of[b'!"'])
    assert {vocabulary.piece[int(i)] for i in choices(held, eager=False)} <= {b"]", b"]}", b"]}]", b"]}]}"}


@pytest.mark.parametrize(
    ("begun", "refused"),
    [
        ('{"objects": [{"object ', "2"),
        ('{"objects": [{"object 1": "dog", "attributes": ["red", "red"', ","),
        ('{"objects": [{"object 1": "dog', "\\"),
        ('{"objects": [{"object 1": "', '"'),
        ('{"objects": [{"object 1": "dog ', '"'),
        ('{"objects": [{"object 1": "dog", "attributes": []}', "]"),
        (TEXT[:-2] + ", [", "3"),
        (TEXT[:-2] + ", [", "0"),
        (TEXT[:-2] + ', [1, "near", ', "1"),
        (TEXT[:-2] + ', [1, "on", ', "2"),
        (TEXT[:-2] + ', [1, "near", 2, [[2', "1"),
        (TEXT[:-2] + ', [1, "near", 2, [[5, ', "4"),
        (TEXT[:-2] + ', [1, "near", 2, [[5, 7], [', "8"),
        (TEXT[:-2] + ', [1, "near", 2, [[5, 20]', ","),
    ],
)
def test_what_no_answer_may_say_cannot_be_written(
    vocabulary: Vocabulary, tokenizer: QwenTokenizer, begun: str, refused: str
) -> None:
    held = constraint(replace(Limits.of(Task.SCENE_GRAPH, 2, CLOCK), numbers=21), vocabulary, more=500)
    for token in tokenizer.encode(begun):
        held.push(token)
    assert tokenizer.encode(refused)[0] not in held.allowed()
    with pytest.raises(ValueError, match="is not what may follow here"):
        held.push(tokenizer.encode(refused)[0])


def test_one_who_always_says_the_same_is_led_on(vocabulary: Vocabulary, tokenizer: QwenTokenizer) -> None:
    """Between two things and without much room, what has been said of both has to be varied until no letter is left."""
    limits = Limits(
        Task.RELATIONSHIPS, 2, 1, camera_subject=False, camera_object=False, most_relations=150, most_characters=1
    )
    held = constraint(limits, vocabulary, more=6000)
    ids: list[int] = []
    while not held.done:
        may = choices(held, eager=False)
        going_on = [i for i in may if vocabulary.piece.get(int(i)) not in (b"]}", b"}", b"]")]
        ids.append(int(min(going_on or may, key=lambda i: (vocabulary.piece.get(int(i)) or b"~")[::-1])))
        held.push(ids[-1])
    text = tokenizer.decode(ids)
    check(text, limits)
    assert len(json.loads(text)["relationships"]) == 150


def test_a_budget_that_no_answer_fits_into_is_refused(vocabulary: Vocabulary) -> None:
    rules = Rules(Limits.of(Task.SCENE_GRAPH, 40, CLOCK))
    with pytest.raises(ValueError, match="an answer about 40 objects takes up to"):
        Constraint(rules, vocabulary, most_tokens=500)
    assert rules.cost(rules.start()) < 8192 / 4  # four times as much for what is not needed


def test_limits_that_no_answer_keeps_are_refused() -> None:
    with pytest.raises(ValueError, match="no answer keeps"):
        Limits(Task.OBJECTS, -1, 4)
    with pytest.raises(ValueError, match="different, printable words"):
        Limits(Task.OBJECTS, 1, 4, names=("dog", 'a "b"'))
    with pytest.raises(ValueError, match="1 presences for 2 objects"):
        Limits(Task.OBJECTS, 2, 4, shown=[(0, 1)])


def test_a_vocabulary_that_cannot_spell_is_refused() -> None:
    with pytest.raises(UnusableVocabulary, match="no tokens for"):
        Vocabulary([b"dog", b"cat"], ends=(2,))


@pytest.mark.slow
@pytest.mark.skipif(real_ranks() is None, reason="no package here carries Qwen's ranks")
def test_any_choice_gives_a_valid_answer_with_qwens_vocabulary() -> None:
    ranks = real_ranks()
    assert ranks is not None
    qwen = QwenTokenizer.of_ranks(ranks)
    vocabulary = Vocabulary.of(qwen)
    for seed in range(12):
        limits = Limits(list(Task)[seed % 4], seed % 5, 1 + seed, most_characters=12, most_attributes=3)
        held = constraint(limits, vocabulary, more=(0, 20, 300)[seed % 3])
        check(qwen.decode(written(held, np.random.default_rng(seed), eager=0.5 * (seed % 2))), limits)
