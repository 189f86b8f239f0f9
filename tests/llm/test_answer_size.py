"""What an answer is guessed to be, from what is asked alone."""

from __future__ import annotations

import pytest

from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.questions import Item, question
from svg2_assets.llm.answer_size import answer_size
from svg2_assets.llm.calls import Call

TEXT = "A tall man in a red jacket walks along the wall with a brown dog on a long leash. "


def call(**more: object) -> Call:
    given = {"purpose": "p", "video_id": "v", "phase": "relations", "model": "gpt-5", "messages": []}
    return Call(**{**given, **more})  # type: ignore[arg-type]


def test_where_nobody_can_say_it_is_a_share_of_the_limit() -> None:
    assert answer_size(call(model="gpt-4.1", max_output_tokens=400)).said == 100


def test_no_more_than_the_call_allows() -> None:
    size = answer_size(call(answer_tokens=900, max_output_tokens=1200))
    assert (size.said, size.said + size.reasoning) == (900, 1200)
    assert answer_size(call(answer_tokens=5000, max_output_tokens=1200)).said == 1200


@pytest.mark.parametrize(
    ("model", "effort", "reasons"),
    [
        ("gpt-5", None, True),
        ("gpt-5-2025-08-07", None, True),
        ("gpt-5.1", None, False),
        ("gpt-5.1", "low", True),
        ("gpt-5", "minimal", False),
        ("gpt-4.1-nano", None, False),
        ("a-local-model", None, False),
    ],
)
def test_only_models_that_reason_are_guessed_to(model: str, effort: str | None, reasons: bool) -> None:
    options = {} if effort is None else {"reasoning_effort": effort}
    assert (answer_size(call(model=model, options=options, answer_tokens=50)).reasoning > 0) is reasons


def test_labels_grow_with_objects_and_with_what_is_said_of_them() -> None:
    def said(*texts: str, preset: str = "default") -> float:
        items = [Item(i, text, picture="" if text else "data:,") for i, text in enumerate(texts)]
        return answer_size(question(items, video_id="v", settings=ParserSettings(preset=preset))).said

    assert said(TEXT, TEXT, TEXT) == pytest.approx(3 * said(TEXT), abs=2)
    assert said(TEXT * 8) > said("") > said(TEXT)  # a picture stands for some words
    assert said(TEXT, preset="paper") < said(TEXT)
