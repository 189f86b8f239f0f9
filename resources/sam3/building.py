"""The network with its weights and its processor: from the Hub, from a folder, or drawn at random."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from resources.sam3.errors import CheckpointError, ModelsMissing
from resources.sam3.settings import ModelSettings
from resources.sam3.tiny import tiny_config, tiny_processor

if TYPE_CHECKING:
    import torch

SETTING = """SVG2_VERIFIER='{"model": {"checkpoint": "/path/to/sam3"}}'"""


def build(settings: ModelSettings) -> tuple[Any, Any]:
    """The model on its device, ready for inference, and its processor.

    Raises `ModelsMissing` without torch and transformers, `CheckpointError` when the weights are not to be had.
    """
    try:
        import torch
        import torchvision  # noqa: F401 - the processor needs it
        import transformers
    except ImportError as error:
        raise ModelsMissing(f"SAM 3 needs the package {error.name}: `pip install 'svg2-assets[models]'`.") from error
    if not settings.random_weights:
        model, processor = _loaded(settings)
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            model = transformers.Sam3VideoModel(tiny_config(settings))
        processor = tiny_processor(settings)
    device = device_of(settings)
    return model.to(device=device, dtype=dtype_of(settings, device)).eval(), processor


def model_id(settings: ModelSettings) -> str:
    """Name and revision: a folder's by its weights, a Hub id's as it was asked for.

    Raises `CheckpointError` for a folder that is not there.
    """
    if settings.random_weights:
        return f"sam3-tiny@random-{settings.seed}"
    folder = Path(settings.checkpoint).expanduser()
    if folder.is_dir():
        files = sorted((*folder.glob("*.safetensors"), *folder.glob("*.bin")))
        if not files:
            raise CheckpointError(f"SAM 3: the folder {settings.checkpoint!r} holds no weights. {_how_to_get()}")
        return f"sam3@{_digest(tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files))}"
    if not _is_hub_id(settings.checkpoint):
        raise CheckpointError(f"SAM 3: there is no folder {settings.checkpoint!r}. {_how_to_get()}")
    return settings.checkpoint + (f"@{settings.revision}" if settings.revision else "")


def device_of(settings: ModelSettings) -> torch.device:
    """Where the model runs."""
    import torch

    if settings.device != "auto":
        return torch.device(settings.device)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def dtype_of(settings: ModelSettings, device: torch.device) -> torch.dtype:
    """What the model computes in."""
    import torch

    if settings.dtype == "auto":
        return torch.bfloat16 if device.type == "cuda" else torch.float32
    return torch.bfloat16 if settings.dtype == "bfloat16" else torch.float32


def _loaded(settings: ModelSettings) -> tuple[Any, Any]:
    from transformers import AutoConfig, Sam3VideoModel, Sam3VideoProcessor

    model_id(settings)  # raises before anything is fetched
    where: dict[str, Any] = {"revision": settings.revision} if settings.revision else {}
    try:
        config = AutoConfig.from_pretrained(settings.checkpoint, **where)
        if config.model_type != "sam3_video":
            raise CheckpointError(
                f"SAM 3: {settings.checkpoint} is a model of kind {config.model_type!r}. {_how_to_get()}"
            )
        if config.image_size != settings.image_size:
            config.image_size = settings.image_size
        processor = Sam3VideoProcessor.from_pretrained(settings.checkpoint, **where)
        model, told = Sam3VideoModel.from_pretrained(
            settings.checkpoint, config=config, output_loading_info=True, use_safetensors=None, **where
        )
    except CheckpointError:
        raise
    except Exception as error:  # the Hub's client, safetensors and transformers raise their own and OS errors
        raise _not_to_be_had(settings, error) from error
    missing = sorted(told["missing_keys"])
    if missing:
        raise CheckpointError(
            f"SAM 3: {settings.checkpoint} lacks {len(missing)} weights of the model, such as {missing[0]}. "
            f"{_how_to_get()}"
        )
    return model, processor


def _not_to_be_had(settings: ModelSettings, error: Exception) -> CheckpointError:
    if _is_gated(error):
        return CheckpointError(
            f"SAM 3: access to {settings.checkpoint} was not granted to you yet. Ask for it on the model's page on the "
            f"Hub, then log in with `hf auth login` or set HF_TOKEN. {_how_to_get()}"
        )
    return CheckpointError(
        f"SAM 3: {settings.checkpoint} cannot be loaded ({type(error).__name__}); it is out of reach, cut short or "
        f"another model. {_how_to_get()}"
    )


def _is_gated(error: BaseException | None) -> bool:
    """Whether the Hub refused: its own error lies below what transformers makes of it."""
    while error is not None:
        if type(error).__name__ == "GatedRepoError":
            return True
        error = error.__cause__ or error.__context__
    return False


def _is_hub_id(name: str) -> bool:
    parts = name.split("/")
    return len(parts) == 2 and all(parts) and parts[0] not in (".", "..", "~")


def _how_to_get() -> str:
    return (
        f"Where there is a network: `hf download facebook/sam3 --local-dir sam3`; then name the folder with {SETTING}."
    )


@lru_cache(maxsize=8)
def _digest(files: tuple[tuple[str, int, int], ...]) -> str:
    """First 8 hex digits of the SHA-256 of the weights; the key changes with the files."""
    whole = hashlib.sha256()
    for path, _, _ in files:
        with Path(path).open("rb") as file:
            while part := file.read(1 << 22):
                whole.update(part)
    return whole.hexdigest()[:8]
