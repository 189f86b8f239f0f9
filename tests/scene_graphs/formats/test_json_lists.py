"""Large JSON lists, item by item."""

from __future__ import annotations

import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svg2_assets.scene_graphs.formats import json_lists
from svg2_assets.scene_graphs.formats.json_lists import BrokenJson, items_of, members_of

VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=30)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)),
    max_leaves=12,
)


def items(text: str | bytes) -> list[tuple[int, Any]]:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(items_of(Path(file.name)))


def members(text: str) -> list[tuple[str, int, Any]]:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_text(text)
        return list(members_of(Path(file.name)))


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lists, "PIECE", 7)


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=6), st.sampled_from([None, 0, 1]), st.booleans())
def test_every_list_is_read_as_json_reads_it(values: list[Any], indent: int | None, escaped: bool) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=escaped)
    found = items(text)
    assert [item for _, item in found] == values
    if indent == 0:
        assert [line for line, _ in found][:1] == [2][: len(values)]


@settings(max_examples=100, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4), st.data())
def test_a_list_that_is_cut_gives_its_whole_items_and_says_so(values: list[Any], data: st.DataObject) -> None:
    text = json.dumps(values).encode()
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    found: list[Any] = []

    def read() -> None:
        with tempfile.NamedTemporaryFile() as file:
            Path(file.name).write_bytes(cut)
            for _, item in items_of(Path(file.name)):
                found.append(item)

    with pytest.raises(BrokenJson) as broken:
        read()
    assert broken.value.line == 1
    assert found == values[: len(found)]
    if len(cut) == len(text) - 1:
        assert len(found) == len(values) - 1, "the last one may go on"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "expected a list"),
        ('{"a": 1}', 1, "expected a list"),
        ("[1,\n2,\n x]", 3, "Expecting value"),
        ("[1\n\n2]", 3, "expected , or ]"),
        ("[1, 2", 1, "cut off"),
        ("[1, 2,", 1, "Expecting value"),
        ("[1,\n]", 2, "Expecting value"),
        ("[1]]", 1, "expected nothing after"),
        ("[]]", 1, "expected nothing after"),
        ("[1]\n\n[2]", 3, "expected nothing after"),
        ('[\n{"a": "line\nbreak"}]', 2, "Invalid control character"),
        ('[\n{"a" 1},\n{"b": 1}]', 2, "Expecting ':'"),
        (b'[1,\n"\xff"]', 1, "no UTF-8"),
        ("[" * 100_000, 1, "nested too deeply"),
        ("[" + "9" * 5000 + "]", 1, "digits"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str | bytes, line: int, reason: str) -> None:
    with pytest.raises(BrokenJson, match=reason) as broken:
        items(text)
    assert broken.value.line == line


def test_a_byte_order_mark_and_space_are_no_content() -> None:
    assert items(b"\xef\xbb\xbf \n[ 1 , 2 ]\n ") == [(2, 1), (2, 2)]


def test_a_quote_that_is_missing_does_not_take_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lists, "MOST_ITEM", 1000)
    with pytest.raises(BrokenJson, match="more than 1000 characters"):
        items('["' + "x" * 5000 + '", 1]')


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text(max_size=12), VALUES, max_size=4), st.sampled_from([None, 0, 1]))
def test_every_object_of_lists_is_read_as_json_reads_it(value: dict[str, Any], indent: int | None) -> None:
    found: dict[str, list[Any]] = {}
    for key, _, item in members(json.dumps(value, indent=indent)):
        found.setdefault(key, []).append(item)
    assert found == {k: v if isinstance(v, list) else [v] for k, v in value.items() if v != []}


def test_members_are_told_with_their_lines() -> None:
    text = '{"a": [1,\n {"b": [2]}], "c"\n: null,\n"d": [], "a": [3]}\n'
    assert members(text) == [("a", 1, 1), ("a", 2, {"b": [2]}), ("c", 3, None), ("a", 4, 3)]


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[]", 1, "begins with {"),
        ('{"a": [1]', 1, "expected , or }"),
        ('{"a": [1]\n "b": 2}', 2, "expected , or }"),
        ('{"a": [1,\n', 2, "Expecting value"),
        ('{"a": 1]}', 1, "expected , or }"),
        ('{"a"\n, 1}', 2, "expected : after"),
        ("{3: 4}", 1, "in quotes"),
        ('{"a": 1}\n{}', 2, "nothing after"),
    ],
)
def test_what_is_wrong_with_an_object_is_said_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(BrokenJson, match=reason) as broken:
        members(text)
    assert broken.value.line == line


def test_memory_is_that_of_an_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_lists, "PIECE", 1 << 16)
    path = tmp_path / "list.json"
    entry = json.dumps({"text": "x" * 1000})
    peaks = []
    for number in (500, 5000):
        path.write_text("[" + ",".join([entry] * number) + "]")
        tracemalloc.start()
        assert sum(1 for _ in items_of(path)) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 1e6
