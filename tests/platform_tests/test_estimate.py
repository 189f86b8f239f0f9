"""`svg2 estimate` before, between and after runs: exact where rows are there, expected where they are not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from resources.llm.shared import close_shared_gateways
from svg2_assets.beforehand import PLANNERS
from svg2_assets.catalog.intake import register
from svg2_assets.commands.annotate import annotate
from svg2_assets.commands.estimate import show_estimate
from svg2_assets.commands.installation import Installation, NoSuchVideo
from svg2_assets.settings import from_environment
from svg2_assets.stand_ins import Expected
from tests.devserver import DevServer, dev_server
from tests.media_factory import write_audio, write_video

KEY = "sk-of-the-estimate"
Shown = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with dev_server() as running:
        yield running


@pytest.fixture
def installation(server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """Objects by the fake tracker, everything that asks models real, over HTTP."""
    fake = {"tracker": "fake", "verifier": "fake"}
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SVG2_PROFILE", "vision")
    monkeypatch.setenv("SVG2_ROLES", json.dumps(fake))
    monkeypatch.setenv("SVG2_LLM", json.dumps({"base_url": server.base_url}))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr("svg2_assets.stand_ins.ASSUMED", {"svg2": Expected(2, 4, 6)})
    yield Installation(from_environment())
    close_shared_gateways()


@pytest.fixture
def shown(installation: Installation, capsys: pytest.CaptureFixture[str]) -> Shown:
    """What `svg2 estimate --json` prints."""

    def run(*videos: str | Path) -> dict[str, Any]:
        capsys.readouterr()
        assert show_estimate(installation, Console(), videos=[str(v) for v in videos], as_json=True) == 0
        printed: dict[str, Any] = json.loads(capsys.readouterr().out)
        return printed

    return run


def text(installation: Installation, *videos: str | Path) -> str:
    console = Console(record=True, width=220)
    show_estimate(installation, console, videos=[str(v) for v in videos], as_json=False)
    return console.export_text()


def money(estimates: list[Mapping[str, Any]]) -> float:
    return sum(float(one["money"]) for one in estimates)


def test_files_that_nobody_knows_are_estimated_by_what_is_assumed(
    installation: Installation, shown: Shown, tmp_path: Path
) -> None:
    folder = tmp_path / "videos"
    folder.mkdir()
    short, long = write_video(folder / "short.mp4"), write_video(folder / "long.mp4", frames=200)
    write_audio(folder / "sound.mp4")
    found = shown(folder)
    assert (found["videos"], found["estimates"]) == (3, [])
    expected = found["expected"]
    assert expected["videos"]["relations"] == sorted([str(short), str(long)])
    assert expected["objects"]["videos"] == 0
    assert {one["expected"]["phase"] for one in expected["estimates"]} == set(PLANNERS)
    assert found["local"] == []
    for one in expected["estimates"]:
        assert 0 < one["low"]["low"] < one["expected"]["money"] < one["high"]["high"]
        assert one["expected"]["calibrated"] == 0
    assert list(found["problems"]) == [str(folder / "sound.mp4")]
    assert not installation.store.count("videos")
    assert "assumed: no video has been tracked yet" in text(installation, short)
    assert "guessed" in text(installation, short)


@pytest.mark.slow
def test_what_was_run_is_free_and_teaches_what_new_videos_take(
    installation: Installation, shown: Shown, tmp_path: Path
) -> None:
    known, new = write_video(tmp_path / "known.mp4", frames=30), write_video(tmp_path / "new.mp4", frames=31)
    guessed = shown(new)["expected"]["estimates"]
    assert annotate(installation, Console(quiet=True), paths=[str(known)], json_folder=None) == 0
    close_shared_gateways()
    paid = sum(row["money"] for row in installation.store.read("llm_calls").to_dicts())
    copy = shutil.copy(known, tmp_path / "another name.mp4")
    done = shown(copy)
    assert money(done["estimates"]) == 0  # its content is known
    assert all(one["answered"] == one["calls"] for one in done["estimates"])
    found = shown(new, known)["expected"]
    assert found["objects"]["videos"] == 1
    assert all(one["expected"]["calibrated"] for one in found["estimates"])
    assert not any(one["expected"]["answered"] for one in found["estimates"])  # though the stand-ins look like it
    learned = money([one["expected"] for one in found["estimates"]])
    assert abs(learned - paid) < abs(money([one["expected"] for one in guessed]) - paid)
    said = text(installation, new, known)
    assert "as in 1 tracked videos" in said
    assert "Both together" in said
    assert "guessed" not in said
    state = installation.store.states("verified_labels").to_dicts()
    installation.store.upsert("phase_state", [{**row, "status": "failed"} for row in state])
    half = shown(known)
    assert half["expected"]["videos"] == {"relations": [state[0]["video_id"]]}
    assert {one["phase"] for one in half["estimates"]} == {"descriptions", "parsed_labels"}
    (spatial, dynamic) = half["expected"]["estimates"]
    assert spatial["low"]["tokens_in"] == spatial["high"]["tokens_in"]  # its own trajectories are there
    assert spatial["expected"]["tokens_in"] > 0 < dynamic["expected"]["cached"] + dynamic["expected"]["tokens_in"]


def test_a_video_of_the_catalog_that_was_not_looked_at_yet_is_expected(
    installation: Installation, shown: Shown, tmp_path: Path
) -> None:
    clip = write_video(tmp_path / "clip.mp4")
    register(installation.store, [str(clip)], installation.media.prober())
    whole, named = shown(), shown("clip.mp4")
    assert whole["expected"]["videos"] == named["expected"]["videos"] == shown(clip)["expected"]["videos"]
    assert len(whole["expected"]["videos"]["relations"]) == 1


def test_a_few_videos_stand_for_many(
    installation: Installation, shown: Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = [write_video(tmp_path / f"{frames}.mp4", frames=frames) for frames in (10, 20, 30, 40)]
    every = money([one["expected"] for one in shown(*clips)["expected"]["estimates"]])
    monkeypatch.setattr("svg2_assets.commands.estimate.MOST_PLANNED", 2)
    some = shown(*clips)["expected"]
    assert some["planned"] == 2
    assert money([one["expected"] for one in some["estimates"]]) == pytest.approx(every, rel=0.1)
    assert "Planned were 2 of the 4" in text(installation, *clips)


def test_a_name_that_is_neither_file_nor_video_is_an_error(installation: Installation) -> None:
    with pytest.raises(NoSuchVideo, match=r"nothing\.mp4"):
        show_estimate(installation, Console(), videos=["nothing.mp4"], as_json=False)


def test_where_no_backend_asks_a_model_nothing_is_estimated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SVG2_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SVG2_PROFILE", "fake")
    clip = write_video(tmp_path / "clip.mp4")
    show_estimate(Installation(from_environment()), Console(), videos=[str(clip)], as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (found["estimates"], found["expected"]["estimates"]) == ([], [])
    assert found["local"] == ["descriptions", "parsed_labels", "relations"]
