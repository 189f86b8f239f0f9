"""Samples of imported graphs: whose file is found and fits becomes one, the others are counted with their reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from resources.media.reader import open_video
from resources.media.resource import MediaResource
from resources.store.store import SceneGraphStore
from svg2_assets.scene.errors import VideoError
from svg2_assets.scene.graph import Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.scene_graphs.formats.values import Imported, Origin
from svg2_assets.scene_graphs.imports import bring_in
from svg2_assets.traser.collecting import Collected, collect, publish
from svg2_assets.traser.footage import Unfit, footage_in
from svg2_assets.traser.forms import InvalidSetup, read_form
from svg2_assets.traser.samples.counting import Reason
from svg2_assets.traser.samples.pictures import decode
from svg2_assets.traser.samples.rows import TABLE
from svg2_assets.traser.samples.settings import GraphSampleSettings
from svg2_assets.traser.sampling import resize
from svg2_assets.traser.supply import NothingImported
from tests.platform_tests.conftest import write_clip
from tests.traser.samples.stores import row

ORIGIN = Origin("svg2", "training", "cleaned/sav", "CC BY 4.0", file="data/0.parquet", record="row 7")
BOXES = MappingProxyType({"masks": "boxes"})


def graph(
    name: str,
    *,
    fps: float = 6.0,
    frames: int = 6,
    masked: int | None = None,
    size: tuple[int, int] = (64, 48),
    uri: str = "",
    provenance: Mapping[str, Any] = MappingProxyType({}),
) -> SceneGraph:
    """Two dogs, one near the other; `masked` frames have masks. Files have 6 frames of 64 x 48 pixels, 6 a second."""
    width, height = size
    video = Video(name, uri, "", width, height, fps, frames, frames / fps)
    shown = tuple(range(frames if masked is None else masked))
    boxes = [Mask.from_box((x, 4, 12, 12), height=height, width=width) for x in (4, 30)]
    objects = tuple(
        SceneObject(i, word, Trajectory(shown, (box,) * len(shown)))
        for i, (word, box) in enumerate(zip(("dog", "cat"), boxes, strict=True))
    )
    near = Relation(0, "near", 1, Category.SPATIAL, Spans.of([(0.0, video.duration)]))
    return SceneGraph(video, objects, (near,), {"import": ORIGIN.to_json(), **provenance})


GRAPHS = {
    "fits": graph("fits"),
    "by-address": graph("other-id", uri="s3://bucket/clips/called.mp4"),
    "smaller masks": graph("smaller", size=(32, 24)),
    "every second frame": graph("second", fps=3.0, frames=3),
    "goes on": graph("goes-on", frames=9, masked=6),
}
UNFIT = {
    Reason.NO_FILE: graph("nowhere"),
    Reason.OTHER_SHAPE: graph("shape", size=(48, 48)),
    Reason.OTHER_RATE: graph("rate", fps=4.0),
    Reason.SHORTER: graph("shorter", frames=12),
    Reason.NO_MASKS: graph("bare", masked=0),
    Reason.BOXES: graph("boxes", provenance=BOXES),
}


def changed(**changes: Any) -> GraphSampleSettings:
    given = {"source": "imported:release", "sampling": {"least_pixels": 0, "fps": 6}, "pictures": {"stored": "png"}}
    return GraphSampleSettings.model_validate(given | {"splits": {"val": 0, "test": 0}} | changes)


def collected(store: SceneGraphStore, settings: GraphSampleSettings) -> Collected:
    media = MediaResource(cache="")

    def never(video_id: str) -> Any:
        raise VideoError(video=video_id, reason="missing", detail="no.", remedy="")

    with footage_in(settings.videos, glance=media.glance, opening=media.frames_of_samples().open) as footage:
        return collect(store, settings, open_video=never, footage=footage)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos") / "deep"
    folder.mkdir()
    names = ["fits", "called", "smaller", "second", "goes-on", "shape", "rate", "shorter", "bare", "boxes"]
    for seed, name in enumerate(names):
        write_clip(folder / f"{name}.mp4", seed=seed)
    (folder / "broken.mp4").write_text("no video")
    return folder


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    store = SceneGraphStore(str(tmp_path_factory.mktemp("imported") / "store"))
    found = [*GRAPHS.values(), *UNFIT.values(), graph("broken")]
    bring_in(store, [Imported(g, ORIGIN) for g in found], source="release")
    store.replace(TABLE, [row("fits", dataset="store")], video_ids=["fits"])
    return store


@pytest.fixture(scope="module")
def done(store: SceneGraphStore, files: Path) -> Collected:
    return collected(store, changed(videos=files.parent))


def test_every_video_is_a_sample_or_counted_with_its_reason(store: SceneGraphStore, done: Collected) -> None:
    assert (done.written, done.kept, list(done.failed)) == (len(GRAPHS), 0, ["broken"])
    assert dict(done.without.by_reason) == dict.fromkeys(UNFIT, 1)
    assert {reason: named[0].split(" (")[0] for reason, named in done.examples.items()} == {
        reason: found.video.id for reason, found in UNFIT.items()
    }
    assert f"{len(UNFIT)} without sample" in done.summary()
    assert "frame rate than its graph 1" in done.summary()


def test_a_row_says_whose_graph_it_is_and_what_it_came_under(store: SceneGraphStore, done: Collected) -> None:
    (made,) = store.read(TABLE, video_ids=["fits"], where={"dataset": "release"}).to_dicts()
    assert (made["source"], made["licence"], made["sample_id"]) == ("imported:release", "CC BY 4.0", "imported:release")
    assert json.loads(made["origin"]) == ORIGIN.to_json()
    assert [o["name"] for o in made["objects"]] == ["dog", "cat"]
    published = publish(store)
    assert published.origins == {("release", "imported:release", "CC BY 4.0"): len(GRAPHS), ("store", "", ""): 1}
    assert published.tag in store.tags()


@pytest.mark.parametrize(
    ("video", "file", "seen"),
    [
        ("fits", "fits", range(6)), ("other-id", "called", range(6)), ("second", "second", range(0, 6, 2)),
        ("goes-on", "goes-on", range(6)), ("smaller", "smaller", range(6)),
    ],
)  # fmt: skip
def test_pictures_are_those_of_the_frames_that_the_masks_are_of(
    store: SceneGraphStore, done: Collected, files: Path, video: str, file: str, seen: range
) -> None:
    (made,) = store.read(TABLE, video_ids=[video], where={"dataset": "release"}).to_dicts()
    height, width = made["picture_height"], made["picture_width"]
    assert (height, width, made["mask_width"]) == (56, 56, 32 if video == "smaller" else 64)
    shown = [resize(f.pixels, height, width) for f in open_video(files / f"{file}.mp4").pick(list(seen))]
    assert np.array_equal(decode(made["pictures"], height=height, width=width), np.stack(shown))
    assert (made["uri"], made["duration"]) == (str(files / f"{file}.mp4"), 1.0)
    assert all(made["masks"])


def test_what_is_there_is_kept_wherever_files_are_and_what_changed_is_made_again(
    store: SceneGraphStore, done: Collected, files: Path, tmp_path: Path
) -> None:
    again = collected(store, changed(videos=tmp_path))
    assert (again.written, again.kept, again.gone) == (0, len(GRAPHS), ())
    bring_in(store, [Imported(replace(graph("fits"), relations=()), ORIGIN)], source="release")
    assert collected(store, changed(videos=tmp_path)).without[Reason.NO_FILE] == len(UNFIT) + 2
    again = collected(store, changed(videos=files))
    assert (again.written, again.kept) == (1, len(GRAPHS) - 1)
    (made,) = store.read(TABLE, video_ids=["fits"], where={"dataset": "release"}).to_dicts()
    assert made["relations"] == []


def test_samples_of_two_sources_of_one_video_stand_beside_each_other(store: SceneGraphStore, done: Collected) -> None:
    def there() -> set[tuple[str, str]]:
        return set(store.read(TABLE, video_ids=["fits"], columns=["dataset", "sample_id"]).iter_rows())

    assert there() == {("store", "whole"), ("release", "imported:release")}
    assert collected(store, GraphSampleSettings()).gone == ("fits",), "the phases have no such video"
    assert there() == {("release", "imported:release")}


def test_without_pictures_a_file_must_have_the_graphs_own_rate(files: Path) -> None:
    media, found = MediaResource(cache=""), GRAPHS["every second frame"]
    opening = media.frames_of_samples().open
    with (
        footage_in(files, glance=media.glance, opening=opening, whole=True) as footage,
        pytest.raises(Unfit, match="samples without pictures need the same"),
    ):
        footage.of(found, footage.path(found.video.id, ""))


@pytest.mark.parametrize("source", ["predictions:x", "Pipeline", "release"])
def test_a_source_that_samples_are_not_made_of_is_refused(source: str) -> None:
    with pytest.raises(InvalidSetup, match="source: expected pipeline or imported:NAME"):
        read_form(GraphSampleSettings, changes=[f"source={source}"])


def test_a_source_that_brought_nothing_says_what_there_is(store: SceneGraphStore) -> None:
    with pytest.raises(NothingImported, match="There are release"):
        collected(store, changed(source="imported:nobody"))


def test_the_recipe_of_the_phases_samples_is_what_it_was_before_sources() -> None:
    assert "source" not in GraphSampleSettings(videos=Path("x")).to_json()
    assert GraphSampleSettings(source="imported:a").dataset == "a"
    assert GraphSampleSettings(source="imported:a", dataset="b").dataset == "b"
    bare = {"source": "imported:a", "pictures": {"stored": "none"}}
    assert GraphSampleSettings.model_validate(bare | {"videos": "x"}).to_json()["videos"] == "x"
