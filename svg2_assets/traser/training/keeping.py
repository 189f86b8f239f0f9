"""Checkpoints of a run: complete or not there. A folder a step, made beside and renamed; no pickle in it.

`step-000100/` holds the model as `network.checkpoint` writes it (with its tokenizer), `optimiser.safetensors` and
`training.json`. The order of samples, the rate and all randomness follow from the step, so there is no more to keep.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from svg2_assets.scene.errors import Svg2Error

OPTIMISER, STATE = "optimiser.safetensors", "training.json"
FORMAT = "svg2-assets/traser-training/1"
_NAME = re.compile(r"step-(\d+)")
_UNFINISHED = ".unfinished-"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FULL_IN_WORDS = re.compile(r"no space left|os error (?:28|27|122)\b|file too large|quota exceeded", re.IGNORECASE)


class CheckpointFailed(Svg2Error):
    """A checkpoint was not written; the last good one is named, and is as it was."""


class BrokenCheckpoint(Svg2Error):
    """A checkpoint that is not what was written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One complete checkpoint."""

    step: int
    folder: Path


class Keeper:
    """The checkpoints under `folder`, of which the last `keep` stay."""

    def __init__(self, folder: Path, *, keep: int) -> None:
        self.folder, self._keep = folder, keep

    def all(self) -> list[Kept]:
        """Complete checkpoints, oldest first."""
        if not self.folder.is_dir():
            return []
        found = [(m, p) for p in self.folder.iterdir() if (m := _NAME.fullmatch(p.name)) and p.is_dir()]
        return sorted((Kept(int(m[1]), p) for m, p in found), key=lambda k: k.step)

    def last(self) -> Kept | None:
        """The newest complete one."""
        return next(reversed(self.all()), None)

    def unfinished(self, step: int) -> Path:
        """The folder in which the checkpoint of `step` is made."""
        return self.folder / f"{_UNFINISHED}{_name(step)}"

    def place(self, step: int) -> Path:
        """The folder of the complete checkpoint of `step`."""
        return self.folder / _name(step)

    def begin(self, step: int) -> Path:
        """Make the folder for a checkpoint; what an interrupted one left behind goes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        self.unfinished(step).mkdir()
        return self.unfinished(step)

    def drop(self, step: int) -> None:
        """Give up what was begun."""
        shutil.rmtree(self.unfinished(step), ignore_errors=True)

    def finish(self, step: int, state: Mapping[str, Any]) -> Kept:
        """Make what was begun count, and drop those beyond `keep`. `state` must be JSON."""
        made, place = self.unfinished(step), self.place(step)
        sizes = {str(p.relative_to(made)): p.stat().st_size for p in _files(made)}
        whole = {"format": FORMAT, "step": step, **state, "sizes": sizes}
        (made / STATE).write_text(json.dumps(whole, indent=2), encoding="utf-8")
        for file in _files(made):
            _to_disk(file)
        if place.exists():
            shutil.rmtree(place)
        made.replace(place)
        _to_disk(self.folder)
        for old in self.all()[: -self._keep]:
            shutil.rmtree(old.folder, ignore_errors=True)
        return Kept(step, place)

    def failed(self, step: int, error: Exception) -> CheckpointFailed:
        """`error` of the storage in words."""
        good = self.last()
        why = "the disk is full (or over its quota)" if of_full_disk(error) else str(error)
        then = f"The last good checkpoint, {good.folder}, is as it was" if good else "There is no earlier checkpoint"
        return CheckpointFailed(
            f"{self.folder}: traser: step {step} could not be kept: {why}. {then}. Free space, then start the same "
            "command again: the run goes on from there."
        )


def write_tensors(path: Path, tensors: Mapping[str, Mapping[str, Tensor]]) -> None:
    """`owner -> kind -> tensor` as one file of safetensors, named `kind/owner`."""
    from safetensors.torch import save_file

    flat = {
        f"{kind}/{owner}": t.detach().cpu().contiguous()
        for owner, kinds in tensors.items()
        for kind, t in kinds.items()
    }
    save_file(flat, str(path))


def read_tensors(path: Path) -> dict[str, dict[str, Tensor]]:
    """What `write_tensors` wrote. Raises `BrokenCheckpoint` for a file that was cut."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        flat = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise BrokenCheckpoint(f"{path}: cannot be read ({error}). {_REMEDY}") from error
    found: dict[str, dict[str, Tensor]] = {}
    for name, tensor in flat.items():
        kind, owner = name.split("/", 1)
        found.setdefault(owner, {})[kind] = tensor
    return found


def read_state(kept: Kept) -> dict[str, Any]:
    """`training.json`, after a look at the sizes of all files. Raises `BrokenCheckpoint` naming what differs."""
    path = kept.folder / STATE
    try:
        state: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenCheckpoint(f"{path}: cannot be read ({error}). {_REMEDY}") from error
    if state.get("format") != FORMAT:
        raise BrokenCheckpoint(f"{path}: expected format {FORMAT}, found {state.get('format')!r}.")
    for name, size in state["sizes"].items():
        file = kept.folder / name
        there = file.stat().st_size if file.exists() else None
        if there != size:
            found = "no such file" if there is None else f"{there} bytes"
            raise BrokenCheckpoint(f"{file}: expected {size} bytes, found {found}. {_REMEDY}")
    return state


def of_storage(error: BaseException) -> bool:
    """Whether `error` is the disk's."""
    return isinstance(error, OSError) or type(error).__name__ == "SafetensorError"


def of_full_disk(error: BaseException) -> bool:
    """Whether the disk is full."""
    return getattr(error, "errno", None) in _FULL or bool(_FULL_IN_WORDS.search(str(error)))


_REMEDY = "Move the folder of this step away; the run then goes on from the checkpoint before it."


def _name(step: int) -> str:
    return f"step-{step:06d}"


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
