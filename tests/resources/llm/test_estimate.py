"""What calls will take, before they are made: guessed by rule, then learned from what the ledger says of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from resources.llm.estimate import Estimate, estimate_calls
from resources.llm.gateway import LlmGateway
from resources.llm.journal import read_rows
from resources.llm.ranges import ranges
from resources.llm.settings import GatewaySettings
from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.questions import Item, question
from svg2_assets.llm.calls import Answer, Call
from tests.devserver import DevServer

Calls = Callable[..., Call]
Made = Callable[..., GatewaySettings]
WORDS = "a red car turns left in front of the second house, 12 people look on; " * 20


def ask(settings: GatewaySettings, calls: Sequence[Call]) -> list[Answer]:
    """Answers, one call after the other, so that a prefix can be found in the provider's cache."""
    with LlmGateway(settings) as gateway:
        return [gateway.ask([call])[0] for call in calls]


def estimated(calls: Sequence[Call], settings: GatewaySettings) -> list[Estimate]:
    """Learned from what the journal holds."""
    return estimate_calls(calls, settings, ledger=read_rows(settings.journal))


def labels(objects: int, *, at: int = 0) -> Call:
    """The parser's own question about so many objects."""
    text = "A small black bicycle in the upper left of the frame leans against a wall of red bricks."
    items = [Item(at + i, f"{text} Number {at + i}.") for i in range(objects)]
    return question(items, video_id=f"v{at}", settings=ParserSettings())


def test_an_estimate_is_near_the_ledger_and_learns_from_it(settings: Made, call: Calls) -> None:
    calls = [call(f"{i} {WORDS}") for i in range(20)]
    (first,) = estimated(calls, settings())
    assert (first.calls, first.answered, first.calibrated) == (20, 0, 0)
    answers = ask(settings(), calls)
    tokens_in = sum(answer.usage.tokens_in for answer in answers)
    assert first.tokens_in == pytest.approx(tokens_in, rel=0.1)
    (after,) = estimated(calls, settings())
    assert (after.answered, after.money, after.high) == (20, 0, 0)
    (more,) = estimated([call(f"more {i} {WORDS}") for i in range(20)], settings())
    assert (more.calibrated, more.other_prompt) == (20, False)
    assert more.tokens_in == pytest.approx(tokens_in, rel=0.02)
    money = sum(answer.money for answer in answers)
    assert more.money == pytest.approx(money, rel=0.1)
    assert more.low < more.money < more.high
    assert more.money_batch == pytest.approx(more.money / 2, rel=0.01)


def test_answers_about_many_objects_are_foretold_by_answers_about_few(settings: Made) -> None:
    few = [labels(n, at=100 * i) for i, n in enumerate((1, 2, 3, 5, 1, 8, 4, 2, 6, 3))]
    many = labels(40, at=5000)
    (guess,) = estimated([many], settings())
    ask(settings(), few)
    (learned,) = estimated([many], settings())
    (answer,) = ask(settings(journal=settings().journal.with_name("other")), [many])
    assert learned.tokens_out == pytest.approx(answer.usage.tokens_out, rel=0.1)
    assert abs(learned.tokens_out - answer.usage.tokens_out) < abs(guess.tokens_out - answer.usage.tokens_out)
    assert guess.low < guess.money < guess.high
    assert learned.high - learned.low < guess.high - guess.low


def test_reasoning_is_guessed_by_effort_and_learned_apart(settings: Made, call: Calls) -> None:
    thinking: dict[str, Any] = {"model": "gpt-5", "options": {"reasoning_effort": "medium"}, "answer_tokens": 60}
    calls = [call(f"{i} {WORDS}", **thinking) for i in range(20)]
    (guess,) = estimated(calls[:1], settings())
    (harder,) = estimated([replace(calls[0], options={"reasoning_effort": "high"})], settings())
    (without,) = estimated([replace(calls[0], model="gpt-4.1", options={})], settings())
    assert guess.tokens_out == guess.reasoning + 60
    assert harder.reasoning > guess.reasoning > without.reasoning == 0
    answers = ask(settings(), calls)
    (learned,) = estimated([call(f"new {WORDS}", **thinking)], settings())
    assert learned.reasoning == pytest.approx(answers[0].usage.reasoning, rel=0.15)
    said = sum(a.usage.tokens_out - a.usage.reasoning for a in answers) / len(answers)
    assert learned.tokens_out - learned.reasoning == pytest.approx(said, rel=0.15)


def test_calls_of_another_prompt_count_until_there_are_some_of_this(settings: Made, call: Calls) -> None:
    ask(settings(), [call(f"{i} {WORDS}", prompt_version="1") for i in range(3)])
    (other,) = estimated([call(WORDS, prompt_version="2")], settings())
    assert (other.calibrated, other.other_prompt) == (3, True)
    ask(settings(), [call(f"later {WORDS}", prompt_version="2")])
    (same,) = estimated([call(WORDS, prompt_version="2")], settings())
    assert (same.calibrated, same.other_prompt) == (1, False)


def test_what_another_server_said_under_a_models_name_teaches_nothing(settings: Made, call: Calls) -> None:
    ask(settings(), [call(f"{i} {WORDS}") for i in range(3)])
    (here,) = estimated([call(WORDS)], settings())
    (there,) = estimated([call(WORDS)], settings(base_url="https://api.openai.com/v1"))
    assert (here.calibrated, there.calibrated) == (3, 0)


def test_questions_that_follow_others_are_expected_again(settings: Made, call: Calls) -> None:
    first = [call(f"{i} {WORDS}", purpose="labels") for i in range(10)]
    again = [call(f"again {i} {WORDS}", purpose="labels again") for i in range(5)]
    before = [call(f"before {WORDS}", purpose="asked before"), call(f"of another {WORDS}", video_id="v2", purpose="x")]
    ask(settings(), [*before, *first, *again])
    planned, follow_up = estimated([call(f"new {i} {WORDS}", purpose="labels") for i in range(20)], settings())
    assert (planned.purpose, planned.calls, planned.follow_up) == ("labels", 20, False)
    assert (follow_up.purpose, follow_up.calls, follow_up.follow_up) == ("labels again", 10, True)
    assert follow_up.tokens_in == pytest.approx(planned.tokens_in / 2, rel=0.05)
    assert follow_up.low < follow_up.money < follow_up.high


def test_requests_that_ask_once_more_are_counted_with_the_first(settings: Made, server: DevServer, call: Calls) -> None:
    calls = [call(f"{i} {WORDS}", max_output_tokens=400, purpose="cut") for i in range(6)]
    server.script({"fault": {"kind": "length"}, "text": "3 a red", "times": 1})
    answers = ask(settings(), calls)
    rows = read_rows(settings().journal)
    assert sorted(row["step"] for row in rows) == ["first"] * 6 + ["longer"]
    (more,) = estimated([call(f"new {i} {WORDS}", purpose="cut") for i in range(6)], settings())
    assert more.calls == 6
    assert more.tokens_in == pytest.approx(sum(a.usage.tokens_in for a in answers), rel=0.03)


def test_a_beginning_that_an_earlier_call_has_is_cached(settings: Made, call: Calls) -> None:
    def two(name: str) -> list[Call]:
        shared = [{"type": "text", "text": f"{name} {i} {WORDS}"} for i in range(6)]
        messages = [{"role": "user", "content": [*shared, {"type": "text", "text": q}]} for q in ("where?", "when?")]
        return [call(messages=[m], model="gpt-5", purpose=f"pass {i}", video_id=name) for i, m in enumerate(messages)]

    spatial, dynamic = estimated(two("one"), settings())
    answers = ask(settings(), two("one"))
    assert spatial.cached == answers[0].usage.cached == 0
    assert dynamic.cached == answers[1].usage.cached > 1024
    other = two("two")[1]
    (alone,) = estimated([other], settings())
    assert alone.cached == pytest.approx(alone.tokens_in * answers[1].usage.cached / answers[1].usage.tokens_in)


def test_estimate_makes_no_journal(settings: Made, call: Calls) -> None:
    (one,) = estimate_calls([call("\ud800"), call("fine")], settings())
    assert (one.calls, one.calibrated) == (2, 0)
    assert not settings().journal.exists()


def test_a_range_lies_around_what_is_expected_and_grows_with_the_videos() -> None:
    def at(money: float) -> list[Estimate]:
        return [Estimate("relations", "spatial", "gpt-5", calls=2, money=money, low=money - 0.1, high=money + 0.2)]

    ((one,),) = (ranges([at(1.0), at(2.0), at(6.0)]),)
    assert (one.expected.money, one.low.low, one.high.high) == pytest.approx((3.0, 0.9, 6.2))
    (many,) = ranges([at(1.0), at(2.0), at(6.0)], factor=10)
    assert (many.expected.money, many.expected.calls) == pytest.approx((30.0, 20.0))
    (rare,) = ranges([[], [], at(6.0)])
    assert (rare.expected.money, rare.low.money) == pytest.approx((2.0, 0.0))
