"""Checkpoints on disk: what one holds, and writing one so that a crash or a full disk never costs the one before.

Only safetensors are read: a pickled checkpoint can run code.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from svg2_assets.scene.errors import printable
from svg2_assets.traser.network.configuration import flat_of
from svg2_assets.traser.network.errors import CheckpointError
from svg2_assets.traser.network.model import Traser
from svg2_assets.traser.network.names import stored_name

CONFIG, INDEX, SINGLE = "config.json", "model.safetensors.index.json", "model.safetensors"
SHARD_BYTES = 4 * 2**30
SHARD = re.compile(r"model-(\d{5})-of-(\d{5})\.safetensors")
DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "F64": torch.float64}


@dataclass(frozen=True)
class Entry:
    """Where a stored weight is, and what it is."""

    file: Path
    shape: tuple[int, ...]
    dtype: torch.dtype


@dataclass(frozen=True)
class Stored:
    """A checkpoint's folder, its configuration and its weights by the names that it gives them; nothing is loaded."""

    folder: Path
    config: Mapping[str, Any]
    entries: Mapping[str, Entry]

    def read(self, names: Sequence[str]) -> Iterator[tuple[str, Tensor]]:
        """The weights `names` in main memory, shard by shard, one at a time."""
        by_file: dict[Path, list[str]] = {}
        for name in names:
            by_file.setdefault(self.entries[name].file, []).append(name)
        for file, held in by_file.items():
            with _opened(file) as opened:
                for name in held:
                    yield name, opened.get_tensor(name)


def inspect(folder: Path) -> Stored:
    """What a folder's checkpoint holds, from its headers alone.

    Raises `CheckpointError` that names what is missing, cut short or not a checkpoint.
    """
    config = _json(folder / CONFIG, f"{folder} is no checkpoint")
    files, promised = _files(folder)
    entries: dict[str, Entry] = {}
    for file in files:
        with _opened(file) as opened:
            for name in opened.keys():  # noqa: SIM118 - it is no mapping
                part = opened.get_slice(name)
                entries[name] = Entry(file, tuple(part.get_shape()), DTYPES.get(part.get_dtype(), torch.float32))
    lost = sorted(name for name in promised if name not in entries)
    if lost:
        raise CheckpointError(
            f"TRASER: {folder / INDEX} promises {len(lost)} weights that its files lack, such as {printable(lost[0])}; "
            "fetch the checkpoint anew."
        )
    return Stored(folder, config, entries)


def _files(folder: Path) -> tuple[list[Path], list[str]]:
    """The files with weights, and the names that an index promises."""
    if (folder / INDEX).is_file():
        listed = _json(folder / INDEX, "the index cannot be read").get("weight_map")
        if not isinstance(listed, dict) or not all(Path(str(n)).name == n for n in listed.values()):
            raise CheckpointError(f"TRASER: {folder / INDEX} has no usable weight_map; fetch the checkpoint anew.")
        return _all_there(folder, sorted(set(listed.values()))), list(listed)
    if (folder / SINGLE).is_file():
        return [folder / SINGLE], []
    numbered = sorted(m.group() for m in (SHARD.fullmatch(p.name) for p in folder.iterdir()) if m)
    if numbered:
        whole = int(numbered[0][-17:-12])
        return _all_there(folder, [f"model-{i:05}-of-{whole:05}.safetensors" for i in range(1, whole + 1)]), []
    pickled = [p.name for p in folder.glob("*.bin")] + [p.name for p in folder.glob("*.pt*")]
    raise CheckpointError(
        f"TRASER: {folder} holds no safetensors"
        + (f", only {printable(pickled[0])}, which could run code; convert it with safetensors." if pickled else ".")
    )


def _all_there(folder: Path, names: Sequence[str]) -> list[Path]:
    gone = [name for name in names if not (folder / name).is_file()]
    if gone:
        raise CheckpointError(
            f"TRASER: {folder} lacks {len(gone)} of its {len(names)} files with weights: "
            f"{printable(', '.join(gone))}; fetch the checkpoint anew."
        )
    return [folder / name for name in names]


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    try:
        with safe_open(file, "pt") as opened:
            yield opened
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"TRASER: {file} cannot be read, it is cut short or damaged ({file.stat().st_size:,} bytes: "
            f"{printable(str(error))}); fetch or save it anew."
        ) from error


def _json(file: Path, otherwise: str) -> dict[str, Any]:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"TRASER: {otherwise}: there is no {file}.") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"TRASER: {file} cannot be read ({printable(str(error))}); fetch it anew.") from error
    if not isinstance(read, dict):
        raise CheckpointError(f"TRASER: {file} holds no JSON object; fetch it anew.")
    return read


def save(
    model: Traser,
    folder: Path | str,
    *,
    companions: Sequence[Path] = (),
    weights: Mapping[str, Tensor] | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> Path:
    """Saves `model` as `folder`, all or nothing; a checkpoint that is there is replaced at the end, in one step.

    As `write`. Raises `CheckpointError` where it cannot be written; what was there before is then still there.
    """
    folder = Path(folder)
    with replacing(folder) as new:
        write(model, new, companions=companions, weights=weights, shard_bytes=shard_bytes)
    return folder


def write(
    model: Traser,
    folder: Path,
    *,
    companions: Sequence[Path] = (),
    weights: Mapping[str, Tensor] | None = None,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Writes the files of a checkpoint into `folder`, which is there: for use within `replacing`.

    Names and configuration are the released ones; what they cannot say stands under names and a field of our own.
    `companions` (a tokenizer's files) are copied; `weights`: the state dictionary, where it had to be gathered first.
    """
    given = model.state_dict() if weights is None else weights
    tied = bool(model.config.backbone.get("tie_word_embeddings", False))
    named = {stored_name(own): value for own, value in given.items()}
    if tied:
        named.pop("lm_head.weight", None)
    shards = list(_shards(named, shard_bytes))
    files = [f"model-{i:05}-of-{len(shards):05}.safetensors" for i in range(1, len(shards) + 1)]
    files = [SINGLE] if len(shards) == 1 else files
    for file, names in zip(files, shards, strict=True):
        save_file({n: named[n].detach().cpu().contiguous() for n in names}, folder / file, {"format": "pt"})
    if len(shards) > 1:
        where = {name: file for file, names in zip(files, shards, strict=True) for name in names}
        total = sum(value.nbytes for value in named.values())
        _write_json(folder / INDEX, {"metadata": {"total_size": total}, "weight_map": where})
    dtype = str(next(iter(named.values())).dtype).removeprefix("torch.")
    _write_json(folder / CONFIG, flat_of(model.config, dtype=dtype))
    for companion in companions:
        shutil.copyfile(companion, folder / companion.name)


def _shards(named: Mapping[str, Tensor], shard_bytes: int) -> Iterator[list[str]]:
    shard: list[str] = []
    size = 0
    for name, value in named.items():
        if shard and size + value.nbytes > shard_bytes:
            yield shard
            shard, size = [], 0
        shard.append(name)
        size += value.nbytes
    yield shard


def _write_json(file: Path, value: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


@contextmanager
def replacing(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when all in it is on the disk, and otherwise vanishes.

    One writer at a time. Raises `CheckpointError` where nothing can be written, and where `folder` holds something
    else than a checkpoint.
    """
    _refuse_other_folders(folder)
    partial, previous = _beside(folder, "partial"), _beside(folder, "previous")
    shutil.rmtree(partial, ignore_errors=True)  # of a writer that was killed
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial.mkdir()
        yield partial
        _sync(partial)
        _exchange(folder, partial, previous)
    except (OSError, SafetensorError) as error:
        kept = f"The checkpoint before is untouched: {folder}. " if folder.exists() else ""
        raise CheckpointError(
            f"TRASER: {folder} cannot be saved ({printable(str(error))}). {kept}Make room or name another folder."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def settled(folder: Path) -> Path:
    """Where the checkpoint `folder` is: beside it, where its writer was killed between two renames."""
    previous = _beside(folder, "previous")
    return previous if not folder.exists() and previous.exists() else folder


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _refuse_other_folders(folder: Path) -> None:
    if folder.exists() and not (folder.is_dir() and ((folder / CONFIG).is_file() or not any(folder.iterdir()))):
        raise CheckpointError(
            f"TRASER: {folder} is there and is no checkpoint; it is not replaced. Name a folder that is not there."
        )


def _sync(folder: Path) -> None:
    """All files of `folder`, and then the list of them, are on the disk."""
    for place in [p for p in folder.rglob("*") if p.is_file()] + [folder]:
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _exchange(folder: Path, new: Path, previous: Path) -> None:
    if folder.exists():
        shutil.rmtree(previous, ignore_errors=True)
        folder.rename(previous)
    try:
        new.rename(folder)
    except OSError:
        if previous.exists():
            previous.rename(folder)
        raise
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    shutil.rmtree(previous, ignore_errors=True)
