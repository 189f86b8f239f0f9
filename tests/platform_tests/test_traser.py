"""TRASER's assets on a small installation: from annotated clips to samples, a checkpoint, predictions and checks."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from resources.fakes.tracker import FakeTracker
from resources.store.resource import SceneGraphStoreResource
from svg2_assets.partitions import add_partitions
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult, Witness
from svg2_assets.traser.assets import last_checkpoint, traser_checkpoint, traser_predictions, traser_samples
from svg2_assets.traser.checks import CHECKS
from svg2_assets.traser.predicting import read_prediction
from tests.platform_tests.conftest import QUIET, Platform, platform_in

SETUP = """
model: {tiny: {hidden: 32, heads: 2, layers: 1, width: 64, vision_depth: 1, vision_hidden: 32, vision_heads: 2,
  latents: 2, resampler_depth: 1, resampler_heads: 2, resampler_key_heads: 1, resampler_head: 16, vocabulary: 320}}
sampling: {least_pixels: 0}
overrides: {decoding: {most_new_tokens: 200}}
steps: 3
batch: 2
accumulation: 1
recipe: {base_rate: 1e-3, precision: float32, checkpointing: false, frozen_vision: false}
evaluating: {every: 2, answers: 1}
saving: {every: 2}
data: {held_out: train}
"""


DOG = tuple(Witness(source, 10, {"dog": 0.8}) for source in ("nanodet", "centernet", "efficientnet"))


def two_boxes(video: Video) -> TrackingResult:
    frames = tuple(range(video.num_frames))

    def box(*place: int) -> Trajectory:
        return Trajectory(frames, (Mask.from_box(place, height=video.height, width=video.width),) * len(frames))

    return TrackingResult(
        (
            TrackedObject(0, box(4, 4, 20, 20), Origin.SEED, 0.9, DOG),
            TrackedObject(1, box(34, 10, 24, 30), Origin.SEED, 0.9, DOG),
        )
    )


def many_boxes(video: Video) -> TrackingResult:
    (first, _) = two_boxes(video).objects
    boxes = [Mask.from_box((4 * k, 4, 4, 4), height=video.height, width=video.width) for k in range(12)]
    return TrackingResult(
        tuple(
            replace(first, id=k, trajectory=Trajectory(first.trajectory.frames, (box,) * video.num_frames))
            for k, box in enumerate(boxes)
        )
    )


def materialize(platform: Platform, *assets: dg.AssetsDefinition, config: dict | None = None, **where):
    ops = {name: {"config": given} for name, given in (config or {}).items()}
    chosen = {key for asset in assets for key in asset.keys}
    checks = CHECKS if traser_predictions in assets else ()
    return dg.materialize(
        [*assets, *checks],
        instance=platform.instance,
        resources={"store": SceneGraphStoreResource(uri=platform.store.uri), "media": platform.media()},
        run_config={**QUIET, "ops": ops},
        raise_on_error=False,
        selection=dg.AssetSelection.assets(*chosen),
        **where,
    )


def reason(done: dg.ExecuteInProcessResult) -> str:
    """Why a step failed; empty where none did."""
    failures = [e.step_failure_data.error for e in done.get_step_failure_events()]
    return " ".join(f"{e} {e.cause or ''}" for e in failures if e is not None)


def figures(platform: Platform, asset: str) -> dict:
    event = platform.instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event is not None
    assert event.asset_materialization is not None
    return {k: v.value for k, v in event.asset_materialization.metadata.items()}


def collected(platform: Platform) -> dg.ExecuteInProcessResult:
    """Samples of all clips, none of them held out."""
    changes = ["sampling.least_pixels=0", "splits={val: 0, test: 0}"]
    return materialize(platform, traser_samples, config={"traser_samples": {"changes": changes}})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """An installation with three annotated videos, and their partitions: each test works on a copy of its store."""
    home = tmp_path_factory.mktemp("annotated")
    with platform_in(home) as made:
        made.tracker = FakeTracker(script=two_boxes)
        videos = list(made.add("a.mp4", "b.mp4", "c.mp4").partitions)
        assert made.run(videos[0], videos[-1]).success
    return home, videos


@pytest.fixture
def annotated(platform: Platform, whole: tuple[Path, list[str]]) -> tuple[Platform, list[str]]:
    home, videos = whole
    shutil.copytree(home / "store", platform.store.uri, dirs_exist_ok=True)
    add_partitions(platform.instance, videos)
    return platform, videos


@pytest.mark.slow
def test_from_graphs_to_samples_to_a_checkpoint_to_predictions(annotated: tuple[Platform, list[str]]) -> None:
    platform, videos = annotated
    assert reason(collected(platform)) == ""
    told = figures(platform, "traser_samples")
    assert told["samples"] == 3
    counts = {(r.data["of"], r.data["reason"]): r.data["count"] for r in told["filters"].records}
    assert (counts["object", "kept"], counts["relation", "kept"]) == (6, 3)
    assert told["tag"] in platform.store.tags()

    assert reason(materialize(platform, traser_checkpoint, config={"traser_checkpoint": {"config": SETUP}})) == ""
    told = figures(platform, "traser_checkpoint")
    assert (told["step"], told["samples"]) == (3, 3)
    assert Path(told["curve"]).stat().st_size > 1000
    assert "| 3 |" in told["loss_by_step"]
    assert told["loss"] > 0
    assert told["held_out_loss"] > 0
    assert "truth" in told["answers"]
    assert (Path(told["checkpoint"]) / "config.json").is_file()
    assert last_checkpoint(platform.instance) == told["checkpoint"]

    for video in videos:
        done = materialize(platform, traser_predictions, partition_key=video)
        assert done.success
        assert all(e.passed for e in done.get_asset_check_evaluations() if e.check_name != "answers_are_valid")
    graph = read_prediction(platform.store, videos[0], "traser")
    assert [o.id for o in graph.objects] == [0, 1]
    assert graph.provenance["predictions"]["model_id"].startswith(told["checkpoint"])
    before = platform.store.read("predictions").to_dicts()
    assert reason(materialize(platform, traser_predictions, partition_key=videos[0])) == ""
    assert platform.store.read("predictions").to_dicts() == before, "what is fresh is not asked again"

    whole = {"dagster/asset_partition_range_start": videos[0], "dagster/asset_partition_range_end": videos[-1]}
    anew = {"traser_predictions": {"source": "anew"}}
    assert reason(materialize(platform, traser_predictions, config=anew, tags=whole)) == ""
    after = platform.store.read("predictions", where={"source": "anew"}).to_dicts()
    assert len({row["seconds"] for row in after}) == 1, "asked about together"
    said = [{row["video_id"]: row["texts"] for row in rows} for rows in (before, after)]
    assert said[0] == said[1]


@pytest.mark.slow
def test_a_run_of_the_same_setup_and_samples_goes_on_in_its_folder(annotated: tuple[Platform, list[str]]) -> None:
    platform, _ = annotated
    assert reason(collected(platform)) == ""
    config = {"traser_checkpoint": {"config": SETUP, "changes": ["evaluating.answers=0"]}}
    assert reason(materialize(platform, traser_checkpoint, config=config)) == ""
    first = figures(platform, "traser_checkpoint")
    assert reason(materialize(platform, traser_checkpoint, config=config)) == ""
    assert figures(platform, "traser_checkpoint") == first


@pytest.mark.slow
def test_one_video_without_trajectories_costs_no_other_its_prediction(annotated: tuple[Platform, list[str]]) -> None:
    platform, videos = annotated
    assert reason(collected(platform)) == ""
    config = {"traser_checkpoint": {"config": SETUP, "changes": ["evaluating.answers=0"]}}
    assert reason(materialize(platform, traser_checkpoint, config=config)) == ""
    platform.tracker = FakeTracker(script=two_boxes, fail_for=platform.add("d.mp4").video_ids)
    (broken,) = platform.tracker.fail_for
    assert not platform.run(broken).success
    whole = {"dagster/asset_partition_range_start": videos[0], "dagster/asset_partition_range_end": broken}
    done = materialize(platform, traser_predictions, tags=whole)
    assert not done.success
    assert platform.materialized("traser_predictions") == set(videos)
    assert "trajectories are failed" in reason(done)
    assert set(platform.store.read("predictions")["video_id"]) == set(videos)


@pytest.mark.slow
def test_an_answer_without_room_costs_those_beside_it_nothing(annotated: tuple[Platform, list[str]]) -> None:
    platform, videos = annotated
    assert reason(collected(platform)) == ""
    config = {"traser_checkpoint": {"config": SETUP, "changes": ["evaluating.answers=0"]}}
    assert reason(materialize(platform, traser_checkpoint, config=config)) == ""
    platform.tracker = FakeTracker(script=many_boxes)
    (crowded,) = platform.add("d.mp4").partitions
    assert platform.run(crowded).success
    whole = {"dagster/asset_partition_range_start": videos[0], "dagster/asset_partition_range_end": crowded}
    done = materialize(platform, traser_predictions, tags=whole)
    assert platform.materialized("traser_predictions") == set(videos)
    assert reason(done).startswith("dagster._core.definitions.events.Failure: 1 of 4 videos did not come through")
    assert "traser: expected room for an answer, found an answer about 12 objects takes" in reason(done)


def test_without_a_checkpoint_a_prediction_says_what_to_do(platform: Platform) -> None:
    with pytest.raises(dg.Failure, match="Materialize traser_checkpoint, or name one"):
        last_checkpoint(platform.instance)


def test_without_a_graph_samples_say_what_to_do(platform: Platform) -> None:
    platform.add("a.mp4")
    done = collected(platform)
    assert not done.success
    assert "holds no sample for training" in reason(done)
