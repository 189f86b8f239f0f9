"""Parts on their way: from a tracker through a real store into the scene graph, its document and what is shown."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from resources.fakes.tracker import FakeTracker
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.show import show
from svg2_assets.scene.document import json_schema, read, write
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.stored import read_graph
from svg2_assets.settings import Settings
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.platform_tests.conftest import Platform, platform_in

BOXES = {0: (4, 4, 40, 40), 1: (8, 8, 20, 20), 2: (10, 10, 6, 6), 3: (50, 4, 10, 10)}
PARTS = {1: 0, 2: 1}


def nested(video: Video, *, unseen: int | None = None) -> TrackingResult:
    """Three boxes one in another and one beside them; `unseen` is visible on no frame."""
    frames = tuple(range(video.num_frames))
    tracks = {
        i: Trajectory(frames, (Mask.from_box(box, height=video.height, width=video.width),) * len(frames))
        for i, box in BOXES.items()
    }
    if unseen is not None:
        tracks[unseen] = Trajectory((), ())
    return TrackingResult(
        tuple(TrackedObject(i, track, Origin.SEED, 0.9, part_of=PARTS.get(i)) for i, track in tracks.items())
    )


def annotated(platform: Platform, *, unseen: int | None = None) -> str:
    (video,) = platform.add("a.mp4").video_ids
    platform.tracker = FakeTracker(script=lambda video: nested(video, unseen=unseen))
    assert platform.run(video).success
    return video


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of an installation with one annotated video: each test works on a copy of its store."""
    home = tmp_path_factory.mktemp("annotated")
    with platform_in(home) as made:
        return home, annotated(made)


@pytest.fixture
def video(platform: Platform, whole: tuple[Path, str]) -> str:
    shutil.copytree(whole[0] / "store", platform.store.uri, dirs_exist_ok=True)
    return whole[1]


def parts_of(platform: Platform, video: str) -> dict[int, int | None]:
    return {o.id: o.part_of for o in read_graph(platform.store, video).objects}


def shown(platform: Platform, video: str) -> str:
    console = Console(width=160, file=io.StringIO())
    installation = Installation(Settings(home=platform.home / "home", store=platform.store.uri))
    assert show(installation, console, video=video, as_json=False) == 0
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_parts_come_through_the_store_into_the_document(platform: Platform, video: str) -> None:
    graph = read_graph(platform.store, video)
    assert {o.id: o.part_of for o in graph.objects} == {0: None, 1: 0, 2: 1, 3: None}
    assert graph.levels == {0: 1, 1: 2, 2: 3, 3: 1}
    document = json.loads(json.dumps(write(graph)))
    jsonschema.validate(document, json_schema())
    assert [o["part_of"] for o in document["objects"]] == [None, 0, 1, None]
    assert read(document) == graph


@pytest.mark.parametrize(("unseen", "expected"), [(1, {0: None, 2: 0, 3: None}), (0, {1: None, 2: 1, 3: None})])
def test_a_whole_that_is_never_visible_hands_its_parts_on(
    platform: Platform, unseen: int, expected: dict[int, int | None]
) -> None:
    assert parts_of(platform, annotated(platform, unseen=unseen)) == expected


def test_a_whole_that_was_taken_out_of_the_store_leaves_no_dangling_part(platform: Platform, video: str) -> None:
    for table, stage in (("trajectories", None), ("masks", None), ("labels", "verified"), ("relations", None)):
        rows = platform.store.read(table, video_ids=[video], where={"stage": stage} if stage else None).to_dicts()
        left = [row for row in rows if 1 not in (row.get("object_id"), row.get("subject"), row.get("object"))]
        assert len(left) < len(rows)
        platform.store.replace(table, left, video_ids=[video], stage=stage)
    assert parts_of(platform, video) == {0: None, 2: None, 3: None}


def test_show_names_wholes_only_where_there_are_parts(
    platform: Platform, video: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(platform, video)
    assert "part of" in text
    rows = {cells[0]: cells for line in text.splitlines() if (cells := line.split()) and cells[0] in "0123"}
    assert rows["2"][:5] == ["2", "object", "object", "1", "3"]
    assert rows["0"][:3] == ["0", "object", "1"]
    installation = Installation(Settings(home=platform.home / "home", store=platform.store.uri))
    show(installation, Console(file=io.StringIO()), video=video, as_json=True)
    objects = json.loads(capsys.readouterr().out)["objects"]
    assert [(o["id"], o["part_of"], o["level"]) for o in objects] == [(0, None, 1), (1, 0, 2), (2, 1, 3), (3, None, 1)]


def test_show_of_a_video_without_parts_has_no_column_for_them(platform: Platform) -> None:
    (video,) = platform.add("a.mp4").video_ids
    platform.tracker = FakeTracker(
        script=lambda video: TrackingResult(tuple(replace(o, part_of=None) for o in nested(video).objects[::3]))
    )
    assert platform.run(video).success
    text = shown(platform, video)
    assert "verdict" in text
    assert "part of" not in text
