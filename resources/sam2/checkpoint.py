"""Where the weights come from, and reading them."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.sam2.errors import CheckpointError
from resources.sam2.settings import ModelSettings

if TYPE_CHECKING:
    from torch import nn

SETTING = """SVG2_TRACKER='{{"model": {{"checkpoint": "{example}"}}}}'"""
SHOWN_KEYS = 8  # of a list of missing or unexpected weights


def located(settings: ModelSettings) -> Path:
    """The checkpoint as a file: the one that was named, or the Hub's, fetched once into the Hub's own cache.

    Raises `CheckpointError` when there is no such file or the Hub cannot be reached.
    """
    path = Path(settings.checkpoint).expanduser()
    if path.is_file():
        return path
    if _is_hub_id(settings.checkpoint):
        return _fetched(settings)
    raise CheckpointError(f"SAM 2: there is no checkpoint {settings.checkpoint!r}. {_how_to_get(settings.checkpoint)}")


def identity(settings: ModelSettings) -> str:
    """Name and revision: a file's by its content, a Hub id's as it was asked for. Raises as `located`."""
    if settings.random_weights:
        return f"sam2.1-hiera-{settings.model_size}@random-{settings.seed}"
    path = Path(settings.checkpoint).expanduser()
    if path.is_file():
        return f"sam2.1-hiera-{settings.model_size}@{_digest(str(path), path.stat().st_mtime_ns)}"
    if not _is_hub_id(settings.checkpoint):
        located(settings)  # raises
    return settings.checkpoint + (f"@{settings.revision}" if settings.revision else "")


def load(model: nn.Module, settings: ModelSettings) -> None:
    """Fill `model` with the checkpoint's weights. Only tensors are read: a checkpoint cannot run code.

    Raises `CheckpointError` when the file is not a checkpoint or holds the weights of another model.
    """
    path = located(settings)
    weights = _read(path)
    own = model.state_dict()
    missing, unexpected = [k for k in own if k not in weights], [k for k in weights if k not in own]
    misshapen = [k for k, value in own.items() if k in weights and weights[k].shape != value.shape]
    if missing or unexpected or misshapen:
        raise CheckpointError(
            f"SAM 2: {path} does not fit the {settings.model_size} model of SAM 2.1 (setting `size`): "
            f"missing {_shown(missing)}; unexpected {_shown(unexpected)}; of another shape {_shown(misshapen)}."
        )
    model.load_state_dict(weights)


def _read(path: Path) -> Any:
    import torch

    try:
        read = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises what unpickling and unzipping happen to raise
        raise CheckpointError(
            f"SAM 2: {path} cannot be read as a checkpoint ({type(error).__name__}); it may be cut short. "
            f"{_how_to_get(path.name)}"
        ) from error
    weights = read.get("model", read) if isinstance(read, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise CheckpointError(f"SAM 2: {path} holds no weights; expected a dictionary with the key 'model'.")
    return weights


def _fetched(settings: ModelSettings) -> Path:
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise CheckpointError(
            f"SAM 2: {settings.checkpoint} is not a file here, and fetching it from the Hub needs the package "
            f"huggingface_hub (`pip install 'svg2-assets[models]'`). {_how_to_get(settings.checkpoint)}"
        ) from error
    try:
        return Path(hf_hub_download(settings.checkpoint, _hub_file(settings), revision=settings.revision or None))
    except Exception as error:  # the Hub's client raises its own, requests' and OS errors
        raise CheckpointError(
            f"SAM 2: {settings.checkpoint} cannot be fetched from the Hub ({type(error).__name__}). "
            f"{_how_to_get(settings.checkpoint)}"
        ) from error


def _hub_file(settings: ModelSettings) -> str:
    return f"sam2.1_hiera_{settings.model_size.replace('-', '_')}.pt"


def _is_hub_id(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and all(parts) and not name.endswith((".pt", ".pth")) and parts[0] not in (".", "..", "~")


def _how_to_get(name: str) -> str:
    size = next((s for s in ("tiny", "small", "large") if s in name), "base-plus" if "base" in name else "large")
    file = f"sam2.1_hiera_{size.replace('-', '_')}.pt"
    setting = SETTING.format(example=f"/path/to/{file}")
    return (
        f"Where there is a network: `hf download facebook/sam2.1-hiera-{size} {file}`; "
        f"then name the file with {setting}."
    )


def _shown(keys: list[str]) -> str:
    if not keys:
        return "nothing"
    more = f" and {len(keys) - SHOWN_KEYS} more" if len(keys) > SHOWN_KEYS else ""
    return ", ".join(keys[:SHOWN_KEYS]) + more


@lru_cache(maxsize=8)
def _digest(path: str, changed: int) -> str:  # noqa: ARG001 - a file that changed is another entry
    """First 8 hex digits of the file's SHA-256."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:8]
