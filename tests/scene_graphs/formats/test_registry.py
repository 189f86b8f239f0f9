"""What every format of the registry keeps to, and what its users are told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.registry import FORMATS, NoSuchFormat, format_named
from svg2_assets.scene_graphs.formats.values import Format, Imported, Loss, UnusableSource
from tests.scene_graphs.formats.clips import clip, related

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to" / "formats.md"
BOTH_WAYS = [f for f in FORMATS.values() if f.read and f.write]


@pytest.mark.parametrize("chosen", FORMATS.values(), ids=lambda f: f.name)
def test_a_format_says_what_it_is_and_what_is_lost(chosen: Format) -> None:
    assert FORMATS[chosen.name] is chosen
    assert chosen.title
    assert chosen.lost_in or chosen.read is None
    assert chosen.lost_out or chosen.write is None
    assert chosen.reading().model_dump().keys() >= {"fps", "licence", "size", "without_masks"}
    assert f"**{chosen.name}.**" in HOW_TO.read_text(), "its options are told"
    assert all(sentence.endswith(".") for sentence in (*chosen.lost_in, *chosen.lost_out))


@pytest.mark.parametrize("chosen", BOTH_WAYS, ids=lambda f: f.name)
def test_every_format_brings_back_names_masks_and_seconds(chosen: Format, tmp_path: Path) -> None:
    graphs = [clip(f"../v{i}", frames=12, fps=6, relations=[related((0, 1))]) for i in range(3)]
    done = chosen.write(iter(graphs), tmp_path / "out", chosen.writing())
    assert done.videos == 3
    found = list(chosen.read(tmp_path / "out", chosen.reading(fps=6, licence="CC0")))
    assert all(isinstance(item, Imported) for item in found)
    assert sorted(item.graph.video.id for item in found) == ["../v0", "../v1", "../v2"]
    for item in found:
        assert item.graph.objects == graphs[0].objects
        kept = () if done.lost[Loss.RELATIONS] else graphs[0].relations
        assert [(r.key, r.spans) for r in item.graph.relations] == [(r.key, r.spans) for r in kept]
        assert item.origin.format == chosen.name
        assert item.graph.provenance["import"]["licence"] == "CC0"
    inside = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert all(p.is_relative_to(tmp_path / "out") for p in inside)


@pytest.mark.parametrize("chosen", [f for f in FORMATS.values() if f.write], ids=lambda f: f.name)
def test_nothing_half_written_stays_after_an_error(chosen: Format, tmp_path: Path) -> None:
    """Files of videos that were whole before may stay, of formats that have such; the last one cannot be written."""

    def graphs() -> Iterator[SceneGraph]:
        yield clip("a", frames=3)
        raise KeyError("the next one")

    with pytest.raises(KeyError):
        chosen.write(graphs(), tmp_path, chosen.writing())
    assert not [p for p in tmp_path.rglob("*") if p.name.startswith(".unfinished")]
    chosen.write([clip("a", frames=3)], tmp_path, chosen.writing(resume=True))


@pytest.mark.parametrize("chosen", [f for f in FORMATS.values() if f.read], ids=lambda f: f.name)
def test_a_source_with_nothing_in_it_is_an_error(chosen: Format, tmp_path: Path) -> None:
    for source in (tmp_path, tmp_path / "gone"):
        with pytest.raises(UnusableSource):
            list(chosen.read(source, chosen.reading()))


@pytest.mark.parametrize("chosen", BOTH_WAYS, ids=lambda f: f.name)
def test_a_reader_gives_videos_before_it_has_seen_all(chosen: Format, tmp_path: Path) -> None:
    """The second video is broken when the first one has been read."""
    chosen.write([clip("a"), clip("b")], tmp_path, chosen.writing())
    found = chosen.read(tmp_path, chosen.reading(fps=24))
    assert isinstance(next(iter(found)), Imported)
    close: Any = found
    close.close()


def test_unknown_names_are_said_with_those_that_there_are() -> None:
    with pytest.raises(NoSuchFormat, match="svg2, traser, stage6"):
        format_named("svg3", wanted="read")
    with pytest.raises(NoSuchFormat, match="that can be imported"):
        format_named("webdataset", wanted="read")
    assert format_named("svg2", wanted="write").write is not None
