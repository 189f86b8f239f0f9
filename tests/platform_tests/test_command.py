"""The `svg2` command as a user runs it: an exit code, what it prints, what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest

from svg2_assets.scene.document import json_schema, read
from tests import command
from tests.media_factory import corrupted, truncated, write_audio, write_empty_stream, write_image, write_video

SVG2 = [str(Path(sys.executable).parent / "svg2")]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def svg2(tmp_path: Path) -> Run:
    """`svg2(*arguments, profile=...)` on an installation of its own."""

    def run(*arguments: str | Path, profile: str = "fake", **more: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SVG2_HOME": str(tmp_path / "home"), "SVG2_PROFILE": profile, **more}
        return command.svg2(*arguments, environment=environment, folder=tmp_path)

    return run


def status(svg2: Run, **more: str) -> dict[str, dict]:
    """file name -> what `svg2 status --json` says of it"""
    done = svg2("status", "--json", **more)
    assert done.returncode == 0, done.stderr
    return {Path(row["file"]).name: row for row in json.loads(done.stdout)}


def test_the_installed_program_is_a_process_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "SVG2_HOME": str(tmp_path / "home"), "SVG2_PROFILE": "fake"}
    for arguments, code, told in (
        (["annotate", str(write_video(tmp_path / "a.mp4"))], 0, "✓ a.mp4"),
        (["show", "nothing.mp4"], 1, "nothing.mp4: no such video"),
    ):
        done = subprocess.run(
            [*SVG2, *arguments], env=environment, capture_output=True, text=True, timeout=280, check=False, cwd=tmp_path
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert told in (done.stderr if code else done.stdout)
        assert "Traceback" not in done.stdout + done.stderr


def test_annotate_writes_valid_documents_and_a_line_a_video(svg2: Run, tmp_path: Path) -> None:
    clips = [write_video(tmp_path / "a.mp4"), write_video(tmp_path / "b.mp4", frames=8)]
    done = svg2("annotate", *clips, "--json", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓") == 2
    documents = sorted((tmp_path / "out").glob("*.json"))
    assert len(documents) == 2
    assert not list((tmp_path / "out").glob(".unfinished*"))
    for path in documents:
        content = json.loads(path.read_text())
        jsonschema.validate(content, json_schema())
        graph = read(content)
        assert graph.video.id == path.stem
        assert set(graph.provenance) >= {"videos", "trajectories", "relations"}
    assert all(set(row["phases"].values()) == {"fresh"} for row in status(svg2).values())


def test_show_query_and_stats_read_what_annotate_wrote(svg2: Run, tmp_path: Path) -> None:
    svg2("annotate", write_video(tmp_path / "a.mp4"))
    shown = svg2("show", "a.mp4")
    assert shown.returncode == 0, shown.stderr
    assert "preview (sheet)" in shown.stdout
    as_json = json.loads(svg2("show", "a.mp4", "--json").stdout)
    assert as_json["objects"]
    assert Path(as_json["previews"]["sheet"]).is_file()
    assert json.loads(svg2("query", "--predicate", "near", "--json").stdout) == []
    (own,) = json.loads(svg2("stats", "--json").stdout)["sources"]
    assert (own["source"], own["videos"]) == ("pipeline", 1)


def test_show_of_an_unknown_video_says_so(svg2: Run) -> None:
    done = svg2("show", "nothing.mp4")
    assert done.returncode == 1
    assert "no such video" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_profile_lists_the_known_ones(svg2: Run, tmp_path: Path) -> None:
    done = svg2("annotate", write_video(tmp_path / "a.mp4"), profile="nonsense")
    assert done.returncode == 1
    assert "embedded" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


BAD = {
    "empty.mp4": lambda path: path.write_bytes(b""),
    "truncated.mp4": lambda path: truncated(path, write_video(path.with_name(".whole.mp4"), frames=60)),
    "no frames.avi": write_empty_stream,
    "only sound.mp4": write_audio,
    "picture.mp4": write_image,
    "text.mp4": lambda path: path.write_text("this is not a video"),
    "corrupt.mkv": lambda path: corrupted(path, write_video(path.with_name(".full.mkv"), frames=120), length=4000),
    "folder.mp4": lambda path: path.mkdir(),
}


def test_bad_files_are_named_with_a_reason_and_the_good_ones_done(svg2: Run, tmp_path: Path) -> None:
    drop = tmp_path / "clips"
    drop.mkdir()
    for name, make in BAD.items():
        make(drop / name)
    good = write_video(drop / "good.mp4")
    done = svg2("annotate", *[drop / name for name in BAD], good)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert f"✓ {good.name}" in done.stdout
    rows = status(svg2)
    assert set(rows["good.mp4"]["phases"].values()) == {"fresh"}
    for name in BAD:
        said = done.stdout if name not in rows else rows[name]["why"]
        assert name.split(".")[0] in said, (name, said)
        assert len(said) > 20
        if name in rows:
            assert rows[name]["phases"]["videos"] == "failed"
            assert rows[name]["phases"]["scene_graphs"] in {"blocked", "missing"}


NAMES = [
    "with space.mp4",
    'quote\'s "double".mp4',
    "ünïcödé 視頻 🎬.mp4",
    "new\nline.mp4",
    "-dash.mp4",
    "percent%20.mp4",
    "[bold]markup.mp4",
    "'; DROP TABLE videos; --.mp4",
]


def test_any_file_name_is_data(svg2: Run, tmp_path: Path) -> None:
    folder = tmp_path / "odd .. names"
    folder.mkdir()
    for i, name in enumerate(NAMES):
        write_video(folder / name, frames=3 + i)
    done = svg2("annotate", folder / ".." / folder.name)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = status(svg2)
    assert set(rows) == set(NAMES)
    assert ".." not in {part for row in rows.values() for part in Path(row["file"]).parts}


ODD = {
    "one pixel.mkv": {"size": (2, 2), "frames": 4},
    "one frame.mp4": {"frames": 1},
    "portrait.mp4": {"size": (48, 96), "frames": 5},
    "turned.mp4": {"turn": 90, "frames": 5},
    "variable rate.mkv": {"times_ms": [0, 40, 200, 240, 900]},
}


@pytest.mark.slow
def test_odd_but_good_videos_come_through_the_real_backends(svg2: Run, tmp_path: Path) -> None:
    for name, how in ODD.items():
        write_video(tmp_path / name, **how)  # type: ignore[arg-type]
    done = svg2("annotate", *[tmp_path / name for name in ODD], profile="embedded")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("✓") == len(ODD)


def test_nothing_to_annotate_is_an_error(svg2: Run, tmp_path: Path) -> None:
    (tmp_path / "nothing here").mkdir()
    done = svg2("annotate", tmp_path / "nothing here", tmp_path / "absent.mp4")
    assert done.returncode == 1
    assert "no video file" in done.stdout
    assert "no such file" in done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB, where the machine lets a test mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_said_and_what_was_there_stays(svg2: Run, tmp_path: Path, small_disk: Path) -> None:
    store = {"SVG2_STORE": str(small_disk / "store")}
    first = svg2("annotate", write_video(tmp_path / "a.mp4", frames=4), **store)
    assert first.returncode == 0, first.stdout + first.stderr
    (small_disk / "ballast").write_bytes(
        b"x" * (os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize - 8192)
    )
    second = svg2("annotate", write_video(tmp_path / "b.mp4", frames=5), **store)
    assert second.returncode == 1
    assert "space" in (second.stdout + second.stderr).lower()
    (small_disk / "ballast").unlink()
    rows = status(svg2, **store)
    assert set(rows["a.mp4"]["phases"].values()) == {"fresh"}
    third = svg2("annotate", tmp_path / "b.mp4", **store)
    assert third.returncode == 0, third.stdout + third.stderr
