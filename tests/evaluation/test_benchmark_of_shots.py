"""The benchmark of shot boundaries: how cuts are counted, what the clips hold, how the library is asked."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from benchmarks import shots, tracking
from benchmarks.clips import tiny_video
from benchmarks.data import COMMITTED, Data
from benchmarks.shot_clips import build
from resources.media.reader import open_video

DETECTOR = """
class Scene:
    def __init__(self, frame): self.frame_num = frame
class ContentDetector: cuts = [40]
class AdaptiveDetector: cuts = [40, 90]
def detect(path, detector):
    bounds = [0, *detector.cuts, 100]
    return [(Scene(a), Scene(b)) for a, b in zip(bounds, bounds[1:])]
"""


@pytest.fixture
def library(tmp_path: Path) -> str:
    """An interpreter that has something of PySceneDetect's shape and finds the same cuts everywhere."""
    (tmp_path / "scenedetect.py").write_text(DETECTOR)
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    return str(script)


def test_cuts_are_paired_one_to_one_and_near() -> None:
    tally = shots.Tally()
    tally.add([30, 60, 100], [31, 33, 60, 140])
    assert (tally.true, tally.hits, tally.false, tally.errors) == (3, 2, 2, [1, 0])
    assert tally.cells(60.0) == [0.5, 2 / 3, 4 / 7, 0.5, 2, 2.0]


def test_where_nothing_is_cut_only_false_cuts_count() -> None:
    tally = shots.Tally()
    tally.add([], [12])
    assert tally.cells(30.0) == ["-", "-", "-", "-", 1, 2.0]


def test_clips_hold_the_cuts_that_they_say_and_are_the_same_on_every_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, data = [], Data(tmp_path)
    monkeypatch.setattr("benchmarks.data.COMMITTED", tmp_path)
    shutil.copy(COMMITTED / "tree.avi", tmp_path)
    tiny_video(tmp_path / "bigbuckbunny.mp4", seed=1, frames=30)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        clips.append([c for c in build(data, tmp_path / name, clips=1, first=7) if c.path.parent.name == name])
    assert [c.path.read_bytes() for c in clips[0]] == [c.path.read_bytes() for c in clips[1]]
    kinds = {c.kind for c in clips[0]}
    assert kinds >= {"synthetic, easy", "joined", "joined, flashes", "flashes", "lamp on and off", "fast pan"}
    joined = next(c for c in clips[0] if c.kind == "joined")
    frames = open_video(joined.path).video.num_frames
    assert frames == round(joined.seconds * 24)
    assert joined.cuts
    assert joined.cuts[-1] < frames
    assert shots.cuts_of(joined.path) == list(joined.cuts)


def test_the_table_leaves_the_library_out_unless_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.data.COMMITTED", tmp_path)
    table = shots.shots_table(tmp_path, clips=1, first=7)
    by_library = [row for row in table.rows if row[1] in shots.LIBRARY]
    assert len(by_library) == 2 * len(table.rows) // 3
    assert all(cell == "-" for row in by_library for cell in row[4:])
    assert "not compared" in table.notes[1]


def test_the_library_is_asked_in_its_own_interpreter(library: str) -> None:
    found = shots.by_library(library, [Path("a clip.mp4")])
    assert found == {"ContentDetector": {Path("a clip.mp4"): [40]}, "AdaptiveDetector": {Path("a clip.mp4"): [40, 90]}}


def test_an_interpreter_without_the_library_is_an_error_that_says_so() -> None:
    with pytest.raises(RuntimeError, match="scenedetect"):
        shots.by_library(sys.executable, [])


def test_the_section_is_one_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tracking.main(["--help"])
    assert "--scenedetect-python" in capsys.readouterr().out
    assert "shots" in tracking.SECTIONS
