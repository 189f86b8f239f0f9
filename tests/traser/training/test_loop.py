"""Runs that learn, are killed, meet broken samples and full disks; the curve and the checkpoints they leave."""

from __future__ import annotations

import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch
from safetensors.torch import load_file

from svg2_assets.traser.training import objectives
from svg2_assets.traser.training.groups import freeze, parameter_groups
from svg2_assets.traser.training.keeping import OPTIMISER, BrokenCheckpoint, CheckpointFailed, read_state
from svg2_assets.traser.training.loop import NotFinite, train
from svg2_assets.traser.training.metrics import TIMES, Metrics, curve
from svg2_assets.traser.training.settings import OBJECTIVES, Recipe
from tests.forking import forks
from tests.traser.training import small
from tests.traser.training.small import MODEL, model, run_of

Start = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def one_thread():
    """Sums in one order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def program() -> Iterator[Start]:
    """Trains in a process of its own; see `small.program`."""
    with forks(small.__name__) as started:
        yield lambda folder, *changes, **how: started.call(f"{small.__name__}:program", str(folder), *changes, **how)


def figures(folder: Path) -> list[dict]:
    """All that was measured, times left out."""
    return [{k: v for k, v in r.items() if k not in TIMES} for r in Metrics(folder / "metrics.jsonl").records()]


def test_the_loss_falls_and_the_last_step_is_kept(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, "steps=40", "saving.every=1000")
    last = train(run)
    losses = [v for _, v in curve(run.metrics.records())]
    held_out = [v for _, v in curve(run.metrics.records(), kind="held_out")]
    assert len(losses) == 40
    assert losses[-1] < losses[0] / 2
    assert held_out[-1] < held_out[0]
    assert (last.step, [k.step for k in run.keeper.all()]) == (40, [40])


def test_only_the_last_checkpoints_stay_and_none_holds_a_pickle(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path)
    train(run)
    assert [k.step for k in run.keeper.all()] == [10, 12]
    for kept in run.keeper.all():
        assert {p.suffix for p in kept.folder.rglob("*") if p.is_file()} == {".safetensors", ".json"}
        assert read_state(kept)["step"] == kept.step


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_with_the_same_curve_to_the_last_bit(tmp_path: Path, program: Start) -> None:
    fatal = random.Random().choice(range(4, 12))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train(run_of(whole)[0])
    assert program(killed, die=fatal).returncode == -signal.SIGKILL
    assert len(curve(figures(killed))) == fatal - 1
    done = program(killed)
    assert done.returncode == 0, done.stderr
    assert figures(killed) == figures(whole), f"killed in step {fatal}"
    for name in (MODEL, OPTIMISER):
        ours, theirs = (load_file(str(f / "checkpoints/step-000012" / name)) for f in (killed, whole))
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[k], theirs[k]) for k in ours)


def test_a_loss_that_is_no_number_stops_with_its_step_and_samples_and_keeps_what_was_good(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, broken=21)  # step 6 of four samples each
    with pytest.raises(NotFinite) as raised:
        train(run)
    text = str(raised.value)
    assert "step 6: the loss is no number" in text
    assert text.count("video-") == 4
    assert str(tmp_path / "checkpoints/step-000004") in text
    good = run.keeper.last()
    assert good is not None
    assert good.step == 4
    assert all(torch.isfinite(t).all() for t in load_file(str(good.folder / MODEL)).values())
    again, last = run_of(tmp_path)
    assert train(again, since=last).step == 12


@pytest.mark.slow
def test_a_full_disk_stops_the_run_and_leaves_the_last_good_checkpoint(tmp_path: Path, program: Start) -> None:
    train(run_of(tmp_path, "steps=2")[0])
    size = max(p.stat().st_size for p in tmp_path.rglob("*.safetensors"))
    stopped = program(tmp_path, "steps=4", room=size // 2)
    assert stopped.returncode == 1
    assert "step 4 could not be kept: the disk is full" in stopped.stderr
    assert "checkpoints/step-000002, is as it was" in stopped.stderr
    run, last = run_of(tmp_path, "steps=4")
    assert last is not None
    assert last.step == 2
    read_state(last)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-000002"]
    assert train(run, since=last).step == 4


def test_a_disk_that_fails_while_saving_is_told_and_other_errors_are_not_hidden(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, "steps=2")

    def full(folder: Path, state: object) -> None:
        raise OSError(28, "No space left on device")

    def wrong(folder: Path, state: object) -> None:
        raise KeyError("a mistake of ours")

    run.write_model = full
    with pytest.raises(CheckpointFailed, match="There is no earlier checkpoint"):
        train(run)
    run.write_model = wrong
    with pytest.raises(KeyError, match="a mistake of ours"):
        train(run)
    assert run.keeper.all() == []


def test_a_checkpoint_whose_file_was_cut_is_named(tmp_path: Path) -> None:
    run, _ = run_of(tmp_path, "steps=2")
    kept = train(run)
    file = kept.folder / MODEL
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(BrokenCheckpoint, match=rf"{MODEL}: expected \d+ bytes, found \d+ bytes\. Move"):
        read_state(kept)


def test_groups_have_the_recipes_rates_and_decay() -> None:
    made = model()
    freeze(made, Recipe(frozen_vision=True))
    groups = {g["name"]: g for g in parameter_groups(made, Recipe())}
    assert {n: (g["peak"], g["weight_decay"]) for n, g in groups.items()} == {
        "base": (2e-5, 0.01),
        "base, no decay": (2e-5, 0.0),
        "merger": (5e-5, 0.01),
        "merger, no decay": (5e-5, 0.0),
        "resampler": (1e-4, 0.0),
    }
    where = {name: label for label, g in groups.items() for name in g["names"]}
    assert where["backbone.model.language_model.embed_tokens.weight"] == "base, no decay"
    assert where["backbone.model.language_model.norm.weight"] == "base", "RMS norms decay"
    assert where["backbone.model.language_model.layers.0.self_attn.q_proj.bias"] == "base, no decay"
    assert where["backbone.model.visual.merger.ln_q.weight"] == "merger"
    assert where["object_resampler.norm.weight"] == "resampler"
    assert not [n for n in where if "visual.blocks" in n or "patch_embed" in n]
    assert sum(len(g["names"]) for g in groups.values()) == sum(p.requires_grad for p in made.parameters())


def test_a_setup_may_name_every_loss_that_there_is() -> None:
    assert set(OBJECTIVES) == set(objectives.OBJECTIVES)
