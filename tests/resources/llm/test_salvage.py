"""What is kept of JSON that was cut off: complete items, and nothing that was not there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.llm.reading import InvalidAnswer, read_value, salvaged_value
from resources.llm.salvage import salvage
from tests.resources.llm.conftest import SCHEMA


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"a": [{"b": 1}, {"b": 2', {"a": [{"b": 1}]}),
        ('{"a": [{"s": 1, "spans": [[0, 1], [2, 3', {"a": []}),
        ('{"n": "dog", "attributes": ["red", "bi', {"n": "dog", "attributes": ["red"]}),
        ('{"a": {"x": 1, "y":', {"a": {"x": 1}}),
        ("[1, 23", [1]),
        ('{"a": tru', {}),
        ('{"a": [1], "b": [{"c": "\\"}]"}, {"c": "x\\', {"a": [1], "b": [{"c": '"}]'}]}),
        ('Here it is: {"a": [1, 2,', {"a": [1, 2]}),
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ("no JSON", None),
        ("", None),
        ("}]", None),
        ("[" * 20_000, []),
    ],
)
def test_complete_items_stay(text: str, kept: object) -> None:
    assert salvage(text) == kept


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(items=st.lists(VALUES, max_size=6), data=st.data())
def test_a_cut_at_any_place_keeps_a_beginning_of_the_list(items: list[object], data: st.DataObject) -> None:
    text = json.dumps({"items": items}, ensure_ascii=False)
    cut = data.draw(st.integers(0, len(text)))
    found = salvage(text[:cut])
    assert found is None or found == {} or found["items"] == items[: len(found["items"])]


def test_nothing_complete_is_lost() -> None:
    items = [{"id": i, "name": f"red {i}"} for i in range(20)]
    text = json.dumps({"items": items})
    for kept in range(20):
        cut = text.index(f'"id": {kept},') + 3
        assert salvaged_value(text[:cut], SCHEMA)["items"] == items[:kept]


def test_salvaged_items_that_do_not_fit_are_left_out() -> None:
    schema = {"properties": {"ids": {"type": "array", "items": {"type": "integer"}}}}
    assert salvaged_value('{"ids": [1, "two", 3, ', schema) == {"ids": [1, 3]}


def test_items_of_a_definition_are_checked_by_it() -> None:
    assert salvaged_value('{"items": [{"id": 1, "name": "a"}, {"id": "2"}, {"id"', SCHEMA) == {
        "items": [{"id": 1, "name": "a"}]
    }


def test_control_characters_and_a_fence_are_forgiven() -> None:
    text = '```json\n{"items": [{"id": 1, "name": "a\x00b\tc"}]}\n```'
    assert read_value(text, SCHEMA) == {"items": [{"id": 1, "name": "a\x00b\tc"}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("[NaN]", "NaN"),
        ('{"items": [{"id": "1", "name": "x"}]}', r"\$.items\[0\].id"),
        ('{"items": [], "more": 1}', "more"),
        ("[" * 100_000, "nested too deeply|no JSON"),
    ],
)
def test_what_does_not_fit_is_told_where(text: str, said: str) -> None:
    with pytest.raises(InvalidAnswer, match=said):
        read_value(text, SCHEMA)
