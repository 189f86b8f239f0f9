"""Names of files from any id, files that are whole or not there, and text by key on disk."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.scene_graphs.formats.files import (
    LONGEST_NAME,
    file_name,
    files_below,
    inside,
    require_new,
    unfinished,
    whole_folder,
)
from svg2_assets.scene_graphs.formats.shelf import Shelf
from svg2_assets.scene_graphs.formats.values import UnusableSource, UnusableTarget

ANYTHING = st.one_of(st.text(max_size=300), st.text("./\\%~ ab\0", max_size=12))


@given(ANYTHING)
def test_a_name_is_one_visible_file_below_its_folder(text: str) -> None:
    name = file_name(text)
    assert name
    assert not name.startswith(".")
    assert not set(name) & set("/\\\0 ")
    assert len(name) <= LONGEST_NAME
    assert Path("/target").joinpath(name).resolve().parent == Path("/target").resolve()


@given(ANYTHING, ANYTHING)
def test_different_ids_have_different_names(a: str, b: str) -> None:
    assert (file_name(a) == file_name(b)) == (a == b)


def test_usual_ids_are_their_own_names() -> None:
    for name in ("sav_000001", "0001_4164158586", "a-b.c", "-x"):
        assert file_name(name) == name


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"

    def fail() -> None:
        with unfinished(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not list(path.parent.iterdir())
    with unfinished(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_a_folder_is_filled_when_all_of_it_is_there(tmp_path: Path) -> None:
    def fill(*, fail: bool) -> None:
        with whole_folder(tmp_path, ["data", "x-*.tar"]) as folder:
            (folder / "data").mkdir()
            for name in ("data/a", "x-1.tar", "x-0.tar", "other"):
                (folder / name).write_text(name)
            assert [p for p in tmp_path.iterdir() if not p.name.startswith(".")] == []
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        fill(fail=True)
    assert not list(tmp_path.iterdir())
    fill(fail=False)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == ["data", "data/a", "x-0.tar", "x-1.tar"]
    with pytest.raises(UnusableTarget, match="data: is there already"):
        fill(fail=False)
    (tmp_path / "data" / "a").unlink()
    (tmp_path / "data").rmdir()
    with pytest.raises(UnusableTarget, match=r"x-0\.tar: is there already"):
        fill(fail=False)


def test_a_file_that_is_named_is_below_its_folder_or_none(tmp_path: Path) -> None:
    base = tmp_path / "base"
    (base / "a").mkdir(parents=True)
    for path in (base / "a" / "b.png", tmp_path / "secret"):
        path.write_text("")
    (base / "link").symlink_to(tmp_path / "secret")
    assert inside(base, "a", "b.png") == inside(base, "a/b.png") == inside(base, "a", "./b.png") == base / "a" / "b.png"
    for names in (["..", "secret"], ["a/../../secret"], ["a\\..\\..\\secret"], [str(tmp_path / "secret")], ["link"],
                  ["a"], [""], ["a", ""], ["\0"], ["x" * 5000], ["a", "none"]):  # fmt: skip
        assert inside(base, *names) is None, names


def test_a_target_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableTarget, match="cannot be written"), unfinished(tmp_path / "file" / "a.txt"):
        pass
    with pytest.raises(UnusableTarget, match="is there already"):
        require_new(tmp_path / "file")
    assert not require_new(tmp_path / "file", resume=True)
    assert require_new(tmp_path / "other")


def test_files_of_a_folder_come_in_order_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/2.json", "b/10.json", "a.json", ".c.json", ".d/e.json", "f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = [str(p.relative_to(tmp_path)) for p in files_below(tmp_path, r".*\.json")]
    assert found == ["a.json", "b/10.json", "b/2.json"]
    with pytest.raises(UnusableSource, match="cannot be listed"):
        list(files_below(tmp_path / "gone", r".*"))


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=12))
def test_a_shelf_is_a_dictionary_in_order(values: dict[str, str]) -> None:
    with Shelf() as shelf:
        assert all(shelf.put(k, v) for k, v in values.items())
        assert not any(shelf.put(k, "other") for k in values)
        assert list(shelf.items()) == sorted(values.items(), key=lambda kv: kv[0].encode())
        for key in list(values)[::2]:
            assert shelf.take(key) == values.pop(key)
            assert shelf.take(key) is None
        assert dict(shelf.items()) == values
        assert all(shelf.get(k) == v for k, v in values.items())


def test_a_shelf_holds_more_than_a_page_and_names_that_are_no_utf8(tmp_path: Path) -> None:
    with Shelf() as shelf:
        for i in range(1000):
            shelf.put(f"{i:04d}\udcff", "x" * 5000)
        found = [key for key, _ in shelf.items()]
        other = threading.Thread(target=lambda: shelf.put("from another thread"))
        other.start()
        other.join()
        assert shelf.get("from another thread") == ""
    assert found == [f"{i:04d}\udcff" for i in range(1000)]
