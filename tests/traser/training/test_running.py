"""Whole runs over the synthetic world in a real store: begun, interrupted, resumed, refused, asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from safetensors.torch import load_file

from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore
from resources.store.traser_data import TaggedSamples
from svg2_assets.traser.forms import InvalidSetup
from svg2_assets.traser.generation.telling import Teller, identity_of
from svg2_assets.traser.network.errors import CheckpointError
from svg2_assets.traser.samples.order import StreamError
from svg2_assets.traser.samples.publishing import publish_samples
from svg2_assets.traser.samples.rows import from_row
from svg2_assets.traser.samples.world import WorldSampleSettings, write_world
from svg2_assets.traser.text import Task
from svg2_assets.traser.training.building import maker_of
from svg2_assets.traser.training.evaluating import score_samples
from svg2_assets.traser.training.looking import Looking
from svg2_assets.traser.training.metrics import TIMES, Record
from svg2_assets.traser.training.running import OtherRun, Trained, Watcher, run_training
from svg2_assets.traser.training.seeing import FILE
from svg2_assets.traser.training.settings import Setup, read_setup

CONFIG = """
model: {tiny: {hidden: 32, heads: 2, layers: 1, width: 64, vision_depth: 1, vision_hidden: 32, vision_heads: 2,
  latents: 2, resampler_depth: 1, resampler_heads: 2, resampler_key_heads: 1, resampler_head: 16, vocabulary: 400}}
sampling: {least_pixels: 0}
overrides: {decoding: {most_new_tokens: 700}}
steps: 6
batch: 2
accumulation: 1
recipe: {base_rate: 3e-3, resampler_rate: 3e-3, precision: float32, checkpointing: false, frozen_vision: false}
evaluating: {every: 3, most: 2}
saving: {every: 2}
"""


class Interrupted(Exception):
    pass


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    made = SceneGraphStore(str(tmp_path_factory.mktemp("world") / "store"))
    clips = WorldSampleSettings(width=140, height=84, seconds=6.0, most_objects=5)
    write_world(made, clips, [*range(8), 1_000_000, 1_000_001])
    publish_samples(made, "traser-1")
    return made


def setup_of(folder: Path, *changes: str) -> Setup:
    return read_setup(text=CONFIG, changes=[f"folder={folder}", *changes])


def trained(store: SceneGraphStore, folder: Path, *changes: str, die: int = 0) -> Trained:
    def measured(record: Record) -> None:
        if die and record["step"] == die:
            raise Interrupted

    return run_training(setup_of(folder, *changes), TaggedSamples(store), watcher=Watcher(measured=measured))


def figures(done: Trained) -> list[dict]:
    return [{k: v for k, v in r.items() if k not in TIMES} for r in done.records]


def test_an_interrupted_run_goes_on_in_the_middle_of_an_epoch_with_the_same_curve(
    store: SceneGraphStore, tmp_path: Path
) -> None:
    whole = trained(store, tmp_path / "whole")
    with pytest.raises(Interrupted):
        trained(store, tmp_path / "cut", die=5)
    again = trained(store, tmp_path / "cut")
    assert figures(again) == figures(whole)
    assert [r["step"] for r in whole.records if r["kind"] == "train"] == [1, 2, 3, 4, 5, 6]
    assert [r["step"] for r in whole.records if r["kind"] == "held_out"] == [3, 6]
    ours, theirs = (load_file(str(d.kept.folder / "model.safetensors")) for d in (again, whole))
    assert all(torch.equal(ours[k], theirs[k]) for k in theirs)
    assert trained(store, tmp_path / "cut").kept == again.kept, "a run that is done gives its result again"


def test_a_tower_from_nothing_learns_to_see_once_before_the_first_step(store: SceneGraphStore, tmp_path: Path) -> None:
    asked = ("seeing.steps=3", "seeing.batch=2", "recipe.frozen_vision=true", "objectives={naming: 0.2}")
    said: list[str] = []

    def run(name: str, *, die: int = 0) -> Trained:
        def measured(record: Record) -> None:
            if record["step"] == die:
                raise Interrupted

        watcher = Watcher(began=said.append, measured=measured)
        return run_training(setup_of(tmp_path / name, *asked), TaggedSamples(store), watcher=watcher)

    whole = run("a")
    blind = trained(store, tmp_path / "b", "recipe.frozen_vision=true", "objectives={naming: 0.2}")
    where = "backbone.model.visual.blocks.0.attn.qkv.weight"
    assert not torch.equal(whole.model.get_parameter(where), blind.model.get_parameter(where))
    with pytest.raises(Interrupted):
        run("c", die=1)  # before the first checkpoint
    kept = (tmp_path / "c" / FILE).stat().st_mtime_ns
    assert figures(run("c")) == figures(whole)
    assert (tmp_path / "c" / FILE).stat().st_mtime_ns == kept, "what was learned is read, not learned again"


@pytest.mark.parametrize("how", ["boxes", "first_box"])
def test_a_baseline_that_reads_boxes_trains_and_tells_graphs(store: SceneGraphStore, tmp_path: Path, how: str) -> None:
    asked = ("steps=2", "resamplers=none", f"overrides={{arranging: {{representing: {how}}}}}", "seeing.steps=1")
    done = trained(store, tmp_path, *asked, "overrides.decoding.most_new_tokens=300", "evaluating.most=1")
    assert [r["step"] for r in done.records if r["kind"] == "train"] == [1, 2]
    teller = Teller.open(tmp_path)
    assert teller.preset.arranging.representing == how
    (one,) = score_samples(teller, TaggedSamples(store).source, setup_of(tmp_path).data.measuring(), most=1)
    assert one.answer


def test_a_tower_that_is_frozen_whole_is_asked_about_each_clip_once(store: SceneGraphStore, tmp_path: Path) -> None:
    frozen = ("recipe.frozen_vision=true", "steps=3", "saving.every=2", "evaluating.every=9")
    done = trained(store, tmp_path / "once", *frozen, "recipe.seen_once=true")
    plain = trained(store, tmp_path / "plain", *frozen)
    first, other = (d.records[0]["loss"] for d in (done, plain))
    assert first == pytest.approx(other, rel=1e-5), "only what the merger learns differs"
    moved = [n for n, p in done.model.named_parameters() if p.requires_grad]
    assert moved
    assert not any("visual." in n for n in moved)

    source = TaggedSamples(store).source
    sample = from_row(source.take([source.index()[0]["address"][0]]).popitem()[1])
    looking = Looking(maker_of(setup_of(tmp_path), done.tokenizer, done.model), done.model)
    seen = looking(sample, Task.SCENE_GRAPH)
    assert seen.patches.shape == (seen.grid.tokens, 32)
    again = looking(replace(sample, pictures=()), Task.OBJECTS)
    assert np.array_equal(again.patches, seen.patches)
    with pytest.raises(InvalidSetup, match=r"recipe\.seen_once: set `recipe\.frozen_vision: true`"):
        setup_of(tmp_path, "recipe.seen_once=true")


def test_workers_that_prepare_samples_change_nothing(store: SceneGraphStore, tmp_path: Path) -> None:
    alone = trained(store, tmp_path / "a", "steps=2", "saving.every=9")
    helped = trained(store, tmp_path / "b", "steps=2", "saving.every=9", "data.workers=1")
    assert figures(helped) == figures(alone)


@pytest.mark.parametrize("resamplers", ["none", "object", "window", "both"])
def test_every_row_of_the_ablation_runs_and_answers(store: SceneGraphStore, tmp_path: Path, resamplers: str) -> None:
    done = trained(store, tmp_path, f"resamplers={resamplers}", "steps=1", "evaluating.most=0")
    teller = Teller.open(tmp_path)
    assert teller.preset == done.preset
    (scored,) = score_samples(teller, TaggedSamples(store).source, setup_of(tmp_path).data.measuring(), most=1)
    assert scored.scores.answers.right == 1, "held to its form, even a model that knows nothing gives a valid answer"
    assert scored.truth.startswith('{"objects": [{"object 1": ')


def test_a_folder_that_holds_another_run_is_refused_with_what_differs(store: SceneGraphStore, tmp_path: Path) -> None:
    trained(store, tmp_path, "steps=2")
    with pytest.raises(OtherRun) as raised:
        trained(store, tmp_path, "steps=4", "recipe.base_rate=1e-3", "batch=1", "saving.every=1")
    text = str(raised.value)
    assert "steps: 2, now 4" in text
    assert "recipe.base_rate: 0.003, now 0.001" in text
    assert "samples_a_step: 2, now 1" in text
    assert "saving" not in text
    assert "name another folder" in text


def test_a_checkpoint_says_what_it_was_trained_with_and_another_model_is_refused(
    store: SceneGraphStore, tmp_path: Path
) -> None:
    done = trained(store, tmp_path / "run", "steps=2", "overrides.arranging={window_seconds: 2}")
    assert Teller.open(tmp_path / "run").preset.arranging.window_seconds == 2
    assert Teller.open(done.kept.folder, preset="release").preset.name == "release"
    assert identity_of(tmp_path / "run").startswith(f"{tmp_path / 'run'}@")
    config = done.kept.folder / "config.json"
    config.write_text('{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}')
    with pytest.raises(CheckpointError, match="holds another model"):
        Teller.open(tmp_path / "run")


def test_a_model_is_not_asked_about_other_frames_than_it_learned_from(store: SceneGraphStore, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetup, match=r"show 6 frames of \(84, 140\) pixels where this setup asks about 6 of \("):
        trained(store, tmp_path, "sampling.least_pixels=50176")
    with pytest.raises(InvalidSetup, match="asks about 12 of"):
        trained(store, tmp_path, "sampling.fps=2")


def test_two_processes_do_not_train_in_one_folder(store: SceneGraphStore, tmp_path: Path) -> None:
    def meanwhile(_: Record) -> None:
        with pytest.raises(OtherRun, match="another process trains in this folder"):
            trained(store, tmp_path, "steps=1")

    watcher = Watcher(measured=meanwhile)
    assert run_training(setup_of(tmp_path, "steps=1"), TaggedSamples(store), watcher=watcher).kept.step == 1


def test_data_that_is_not_there_is_told(store: SceneGraphStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no complete tag 'nothing'"):
        TaggedSamples(store, "nothing")
    with pytest.raises(StoreError, match=r"no tagged version to train on\. Make one: `svg2 traser samples`"):
        TaggedSamples(SceneGraphStore(str(tmp_path / "empty")))
    with pytest.raises(StreamError, match="no dataset pvd among the samples; there are synthetic"):
        trained(store, tmp_path / "run", "data.datasets=[pvd]")
