from __future__ import annotations

import pytest

from svg2_assets.scene.spans import Spans
from svg2_assets.traser.altering import ALTERATIONS, Alteration, exchanged, retimed, shifted, swapped
from svg2_assets.traser.text import Clock, Statement, Task, Thing, Told, target_text

CLOCK = Clock(12.0)


def told(*statements: Statement) -> Told:
    return Told((Thing(1, "man"), Thing(2, "dog"), Thing(3, "ball")), statements)


def test_relations_move_four_seconds_on() -> None:
    found = shifted(told(Statement(1, "chasing", 2, Spans.of([(1, 3), (5, 6)]))), CLOCK)
    assert [s.spans.to_json() for s in found.statements] == [[[5.0, 7.0], [9.0, 10.0]]]


def test_what_would_end_after_the_clip_moves_back() -> None:
    found = shifted(told(Statement(1, "chasing", 2, Spans.of([(7, 11)]))), CLOCK)
    assert found.statements[0].spans.to_json() == [[3.0, 7.0]]


def test_what_holds_all_the_time_is_cut_at_the_clips_start() -> None:
    found = shifted(told(Statement(1, "near", 2, Spans.of([(0, 12)]))), CLOCK)
    assert found.statements[0].spans.to_json() == [[0.0, 8.0]]


def test_what_is_moved_out_of_the_clip_is_left_out() -> None:
    assert shifted(told(Statement(1, "near", 2, Spans.of([(0, 2)]))), Clock(3.0)).statements == ()


def test_ends_are_exchanged_where_that_says_something_else() -> None:
    spans = Spans.of([(0, 2)])
    given = told(Statement(1, "chasing", 2, spans), Statement(2, "near", 3, spans), Statement(1, "entering", -1, spans))
    keys = [s.key for s in swapped(given, CLOCK).statements]
    assert keys == [(2, "chasing", 1), (2, "near", 3), (1, "entering", -1)]


def test_times_are_dealt_out_among_the_relations() -> None:
    early, late = Spans.of([(0, 2)]), Spans.of([(3, 5)])
    given = told(Statement(1, "chasing", 2, early), Statement(2, "near", 3, early), Statement(3, "hitting", 1, late))
    found = retimed(given, CLOCK).statements
    assert [s.spans for s in found] == [late, late, early]
    assert [s.key for s in found] == [s.key for s in given.statements]
    alone = told(Statement(1, "chasing", 2, early))
    assert retimed(alone, CLOCK) == alone, "there is no other time to give"


def test_things_exchange_their_parts() -> None:
    spans = Spans.of([(0, 2)])
    given = told(Statement(1, "chasing", 3, spans), Statement(3, "entering", -1, spans))
    assert [s.key for s in exchanged(given, CLOCK).statements] == [(3, "chasing", 1), (1, "entering", -1)]
    alone = told(Statement(2, "entering", -1, spans))
    assert [s.key for s in exchanged(alone, CLOCK).statements] == [(3, "entering", -1)]
    assert exchanged(given, CLOCK).things == given.things


@pytest.mark.parametrize("alteration", list(Alteration))
def test_the_text_of_a_wrong_answer_stands_in_the_order_of_true_ones(alteration: Alteration) -> None:
    first, second = Spans.of([(0, 2)]), Spans.of([(3, 5)])
    given = told(Statement(3, "hitting", 1, second), Statement(1, "chasing", 2, first))
    wrong = ALTERATIONS[alteration](given, CLOCK)
    text = target_text(wrong, task=Task.SCENE_GRAPH, clock=CLOCK)
    assert text != target_text(given, task=Task.SCENE_GRAPH, clock=CLOCK)
    subjects = [int(part.split(",")[0]) for part in text.split('"relationships": [[')[1].split("]]], [")]
    assert subjects == sorted(subjects)
