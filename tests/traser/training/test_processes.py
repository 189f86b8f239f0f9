"""Several processes learn what one does: over gloo on CPUs, in data parallel and in the shipped FSDP file's shards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.traser.training.engine import engine_of
from svg2_assets.traser.training.metrics import Metrics, curve
from svg2_assets.traser.training.settings import Recipe
from tests.traser.training.small import run_of

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.traser.training.small"
FSDP = ROOT / "configs" / "accelerate" / "fsdp.yaml"


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def two_processes(
    folder: Path, *changes: str, sharded: bool = False, zero: Path | None = None, die: int = 0
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1", "die": str(die)}
    program = PROGRAM
    if zero is not None:
        launcher = ["accelerate.commands.launch", "--config_file", str(zero), "--num_processes", "2"]
        launcher += ["--mixed_precision", "no", "--main_process_port", free_port()]
        program = "tests.traser.training.over_gloo"
        del environment["ACCELERATE_USE_CPU"]  # accelerate would leave DeepSpeed out
        environment["DS_ACCELERATOR"] = "cpu"
    elif sharded:
        launcher = ["accelerate.commands.launch", "--config_file", str(FSDP), "--num_processes", "2"]
        launcher += ["--mixed_precision", "no", "--main_process_port", free_port()]
    else:
        launcher = ["torch.distributed.run", "--nproc_per_node", "2", "--master_port", free_port()]
    return subprocess.run(
        [sys.executable, "-m", *launcher, "-m", program, str(folder), "accumulation=1", ONE_LOSS, *changes],
        cwd=ROOT, env=environment,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip


def losses(folder: Path, kind: str = "train") -> list[float]:
    return [value for _, value in curve(Metrics(folder / "metrics.jsonl").records(), kind=kind)]


ONE_LOSS = "overrides={designing: {diversity: 0}}"
"""The loss on alike latents is a mean over a batch's groups, and processes have other batches."""


def alone(folder: Path) -> None:
    from svg2_assets.traser.training.loop import train

    run, _ = run_of(folder, ONE_LOSS)
    train(run)


@pytest.mark.slow
def test_two_processes_learn_what_one_learns_with_twice_the_accumulation(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    alone(tmp_path / "one")
    done = two_processes(tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)
    assert losses(tmp_path / "two", "held_out") == pytest.approx(losses(tmp_path / "one", "held_out"), rel=1e-5)


@pytest.mark.exhaustive
def test_shards_learn_the_same_and_go_on_after_one_process_was_killed(tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    alone(tmp_path / "one")
    died = two_processes(tmp_path / "two", sharded=True, die=8)
    assert died.returncode != 0
    assert len(losses(tmp_path / "two")) == 7
    done = two_processes(tmp_path / "two", sharded=True)
    assert done.returncode == 0, done.stderr
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)


@pytest.mark.exhaustive
@pytest.mark.parametrize("stage", [1, 2])
def test_deepspeed_learns_the_same_or_is_refused(tmp_path: Path, stage: int) -> None:
    pytest.importorskip("deepspeed")
    shipped = ROOT / "configs" / "accelerate" / "zero1.json"
    (tmp_path / "zero.json").write_text(shipped.read_text().replace('"stage": 1', f'"stage": {stage}'))
    text = (
        shipped.with_suffix(".yaml").read_text().replace("configs/accelerate/zero1.json", str(tmp_path / "zero.json"))
    )
    (tmp_path / "zero.yaml").write_text(text)
    alone(tmp_path / "one")
    died = two_processes(tmp_path / "two", zero=tmp_path / "zero.yaml", die=8 if stage == 1 else 0)
    assert died.returncode != 0
    if stage > 1:
        assert "ZeRO-2 sums gradients in the order in which they come" in died.stderr
        return
    done = two_processes(tmp_path / "two", zero=tmp_path / "zero.yaml")
    assert done.returncode == 0, done.stderr
    assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), rel=1e-5)


def test_several_processes_without_accelerate_are_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setitem(sys.modules, "accelerate", None)
    with pytest.raises(UnusableBackend, match=r"svg2-assets\[train\]"):
        engine_of(Recipe(), accumulation=1)
