"""`svg2 traser`: from the synthetic world to a checkpoint to graphs, and what it says of bad input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

pytest.importorskip("torch")
pytest.importorskip("transformers")

from resources.media.reader import open_video
from svg2_assets.cli import app
from svg2_assets.commands.traser import interrupted
from svg2_assets.evaluation.tracks.reading import read_tracks
from svg2_assets.scene.document import json_schema, read
from svg2_assets.scene.errors import Svg2Error
from svg2_assets.synthetic.settings import Difficulty, WorldSettings
from svg2_assets.synthetic.truth import write_clip
from svg2_assets.synthetic.world import World
from svg2_assets.traser.generation.telling import Teller
from svg2_assets.traser.text import Task

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TINY = str(ROOT / "configs" / "tiny.yaml")
WORLD = ["--set", "width=140", "--set", "height=84", "--set", "seconds=6", "--set", "most_objects=4"]
SMALL = (
    "model={tiny: {hidden: 32, heads: 2, layers: 1, width: 64, vision_depth: 1, vision_hidden: 32, vision_heads: 2, "
    "latents: 2, resampler_depth: 1, resampler_heads: 2, resampler_key_heads: 1, resampler_head: 16, vocabulary: 400}}"
)


@dataclass(frozen=True)
class Done:
    """What a command printed and with which code it ended; `error` is what `svg2` says of an error of ours."""

    returncode: int
    stdout: str
    error: str


def command(home: Path, *arguments: str | Path) -> Done:
    result = CliRunner().invoke(app, ["traser", *map(str, arguments)], env={"SVG2_HOME": str(home)})
    if result.exception is not None and not isinstance(result.exception, Svg2Error | SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, str(result.exception or "") + result.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with a run of two steps in `run`, and a clip with its masks in `clip`."""
    made = tmp_path_factory.mktemp("home")
    done = command(made, "world", "--train", "8", "--held-out", "2", *WORLD)
    assert done.returncode == 0, done.error
    changes = ["--set", SMALL, "--set", f"folder={made / 'run'}", "--set", "steps=2", "--set", "evaluating.answers=1"]
    changes += ["--set", "seeing={steps: 2, batch: 4, pictures: 1}"]
    changes += ["--set", "overrides.decoding={most_new_tokens: 800}"]
    done = command(made, "train", "--config", TINY, *changes)
    assert done.returncode == 0, done.error
    assert "Loss of a token" in done.stdout
    assert f"Checkpoint: {made / 'run'}/checkpoints/step-000002" in done.stdout
    assert 'truth: {"objects": [{"object 1": ' in done.stdout
    settings = WorldSettings.of(Difficulty.EASY, width=140, height=84, fps=4, seconds=6, cut_chance=0)
    write_clip(World(settings, seed=2_000_000), made / "clip")
    return made


def clip_of(home: Path) -> list[str]:
    (video,) = (home / "clip").glob("*.mp4")
    return [
        "--video",
        str(video),
        "--masks",
        str(video).replace(".mp4", ".masks.json"),
        "--checkpoint",
        str(home / "run"),
    ]


def test_a_graph_is_printed_and_written_as_a_document(home: Path, tmp_path: Path) -> None:
    done = command(home, "generate", *clip_of(home), "--output", tmp_path / "graph.json")
    assert done.returncode == 0, done.error
    assert "Objects" in done.stdout
    assert "Relations" in done.stdout
    document = json.loads((tmp_path / "graph.json").read_text())
    jsonschema.validate(document, json_schema())
    graph = read(document)
    assert len(graph.objects) >= 4
    assert graph.provenance["traser"]["complete"] is True
    keys = [r.key for r in graph.relations]
    assert len(set(keys)) == len(keys)
    assert all(span.end <= graph.video.duration for r in graph.relations for span in r.spans)


def test_what_is_complete_when_ctrl_c_is_pressed_is_told(home: Path) -> None:
    (video,) = (home / "clip").glob("*.mp4")
    tracks = read_tracks(Path(clip_of(home)[3])).trajectories
    teller = Teller.open(home / "run")
    asking = teller.ask(teller.show(open_video(str(video)), tracks), Task.SCENE_GRAPH)
    with interrupted() as stopped:
        (told,) = teller.tell([asking], heard=lambda _: signal.raise_signal(signal.SIGINT), stopped=stopped)
        assert stopped()
    assert not told.ended
    assert len(told.answer.told.things) == 1
    assert list(teller.tell([asking], stopped=lambda: True)) == []
    with interrupted():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_graph_as_json_has_no_masks(home: Path) -> None:
    done = command(home, "generate", *clip_of(home), "--task", "objects", "--json")
    told = json.loads(done.stdout)
    assert told["relations"] == []
    assert all("masks" not in o["trajectory"] for o in told["objects"])


def test_scores_of_held_out_samples(home: Path) -> None:
    done = command(home, "evaluate", "--checkpoint", home / "run", "--json")
    told = json.loads(done.stdout)
    assert told["samples"] == 2
    assert told["answers"] == 1.0
    assert 0 <= told["objects"] <= 1


def edited(home: Path, tmp_path: Path, edit: Callable[[list], object]) -> list[str]:
    arguments = clip_of(home)
    frames = json.loads(Path(arguments[3]).read_text())
    edit(frames)
    (tmp_path / "masks.json").write_text(json.dumps(frames))
    return [*arguments[:3], str(tmp_path / "masks.json"), *arguments[4:], "--task", "objects", "--json"]


def test_masks_that_are_shorter_than_the_video_and_placeholders_count_as_empty(home: Path, tmp_path: Path) -> None:
    def shorten(frames: list) -> None:
        del frames[8:]
        for frame in frames:
            frame[0] = {"size": [84, 140], "counts": "1"}  # one pixel of background: less than the frame

    done = command(home, "generate", *edited(home, tmp_path, shorten))
    assert done.returncode == 0, done.error
    told = json.loads(done.stdout)
    assert any("object 1 shows no pixel" in note for note in told["notes"])
    assert 0 not in {o["id"] for o in told["objects"]}
    assert max(f for o in told["objects"] for f in o["trajectory"]["frames"]) == 7


def test_bad_input_ends_in_one_clear_line(home: Path, tmp_path: Path) -> None:
    def wrong_area(frames: list) -> None:
        frames[3][1] = {"size": [84, 140], "counts": "1d:"}

    for edit, told in (
        (wrong_area, "frame 3, object 1: expected runs that cover 84x140"),
        (list.clear, "at least one frame"),
    ):
        done = command(home, "generate", *edited(home, tmp_path, edit))
        assert done.returncode == 1
        assert told in done.error

    def gone(frames: list) -> None:
        for frame in frames:
            frame[:] = [None] * len(frame)

    done = command(home, "generate", *edited(home, tmp_path, gone))
    assert done.returncode == 1
    assert "without a pixel on any of them" in done.error


def test_the_program_itself_says_an_error_in_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "svg2_assets.cli", "traser", "train", "--set", "stepz=1"],
        cwd=ROOT, env={**os.environ, "SVG2_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "stepz: no such key" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "--config", TINY, "--set", "stepz=1"], "stepz: no such key; did you mean 'steps'?"),
        (["train", "--config", "configs/none.yaml"], "configs/none.yaml: cannot be read"),
        (["train", "--config", TINY, "--set", "data.tag=x"], "there is no complete tag 'x'"),
        (["generate", "--video", "none.mp4", "--checkpoint", "x/y/z"], "none.mp4: no such video"),
        (["evaluate", "--checkpoint", "nowhere"], "there is no checkpoint 'nowhere'"),
        (["evaluate", "--checkpoint", str(ROOT)], "is no checkpoint"),
        (["evaluate", "--preset", "papr"], "there is no preset 'papr'"),
        (["world", "--set", "secnds=3"], "secnds: no such key; did you mean 'seconds'?"),
        (["samples"], "the store holds no sample"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], told: str, tmp_path: Path) -> None:
    done = command(tmp_path, *arguments)
    assert done.returncode == 1
    assert told in " ".join(done.error.split())
