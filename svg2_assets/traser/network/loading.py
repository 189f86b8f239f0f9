"""A TRASER with its weights: released or saved by us, from a folder or the Hub; the start of a training; at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from svg2_assets.scene.errors import printable
from svg2_assets.traser.network.checkpoint import Stored, inspect, settled
from svg2_assets.traser.network.configuration import (
    OURS,
    config_of,
    is_traser,
    refuse_other_models,
    resized,
)
from svg2_assets.traser.network.errors import CheckpointError
from svg2_assets.traser.network.model import Traser, TraserConfig
from svg2_assets.traser.network.names import (
    EMBEDDING,
    HEAD,
    is_place,
    is_resampler,
    own_name,
    stored_name,
)
from svg2_assets.traser.network.released import HUB_ID, NEW_ROWS, VOCABULARY
from svg2_assets.traser.network.resampler import INITIAL
from svg2_assets.traser.presets import Preset, preset_of

SHOWN = 8  # of a list of names
HUB_FILES = ("*.safetensors", "*.json", "*.txt", "*.jinja")  # nothing pickled is fetched


def load_traser(
    source: str | Path,
    *,
    preset: str | Preset = "default",
    dtype: torch.dtype | None = None,
    device: torch.device | str = "cpu",
    revision: str | None = None,
    vocabulary: int = VOCABULARY,
    seed: int = 0,
) -> Traser:
    """The model of `source`, a folder or a Hub id, in evaluation mode.

    A TRASER checkpoint loads completely or not at all; what `preset` adds to a released one starts without effect.
    Qwen2.5-VL itself loads as the start of a training: resamplers fresh, its table cut or grown to `vocabulary` rows,
    the last two drawn from N(0, deviation of the others). `dtype`: as stored, if not given. `seed`: of what is drawn.
    Raises `CheckpointError` when it is not to be had, cut short, of another model, or lacks or has too many weights;
    `KeyError` for an unknown preset.
    """
    chosen = preset_of(preset) if isinstance(preset, str) else preset
    stored = inspect(located(source, revision=revision))
    refuse_other_models(stored.config, str(source))
    plan = _plan(stored, chosen, vocabulary=vocabulary)
    bare = _bare(plan.config)
    _refuse_misfits(plan, bare, stored)
    model = _given_memory(bare, dtype=dtype or plan.dtype, device=device)
    with _seeded(seed, device), torch.no_grad():
        _start(model, plan)
        _fill(model, plan, stored)
    model.eval()
    return model


def fresh_traser(
    config: TraserConfig, *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu", seed: int = 0
) -> Traser:
    """A TRASER with random weights, drawn on the device as what they will be, so that nothing is needed beside them.

    As Qwen2.5-VL and the released resamplers start: N(0, 0.02), norms 1, biases 0; what is narrower than they are
    starts as large as its configuration says. The process's own random numbers stay as they were.
    """
    model = _given_memory(_bare(config), dtype=dtype, device=device)
    with _seeded(seed, device), torch.no_grad():
        for name, p in model.backbone.named_parameters():
            if p.ndim > 1:
                nn.init.normal_(p, std=_std(model, name))
            else:
                nn.init.constant_(p, 0.0 if name.endswith(".bias") else 1.0)
        model.window_resampler.reset()
        model.object_resampler.reset()
    return model


def _std(model: Traser, name: str) -> float:
    """At first, of a weight of the backbone; words start at 0.02 however wide they are."""
    config = model.backbone.config
    if "embed_tokens" in name or "lm_head" in name:
        return INITIAL
    return float((config.vision_config if "visual." in name else config.text_config).initializer_range)


def located(source: str | Path, *, revision: str | None = None) -> Path:
    """The folder that `source` is, or the Hub's, fetched once into the Hub's own cache. Raises `CheckpointError`."""
    folder = settled(Path(source).expanduser())
    if folder.is_dir():
        return folder
    if folder.exists():
        raise CheckpointError(f"TRASER: {folder} is a file; name the folder of the checkpoint.")
    parts = str(source).split("/")
    if len(parts) == 2 and all(parts) and parts[0] not in (".", "..", "~"):
        return _fetched(str(source), revision)
    raise CheckpointError(f"TRASER: there is no checkpoint {printable(str(source))!r}. {_how_to_get(HUB_ID)}")


def _fetched(name: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, revision=revision, allow_patterns=list(HUB_FILES)))
    except Exception as error:  # the Hub's client raises its own, httpx's and OS errors
        if type(error).__name__ == "GatedRepoError":
            why = "was not granted to you yet: ask for it on the model's page, then log in with `hf auth login`"
            raise CheckpointError(f"TRASER: access to {name} {why}. {_how_to_get(name)}") from error
        raise CheckpointError(
            f"TRASER: {name} is no folder here and cannot be fetched from the Hub ({type(error).__name__}). "
            f"{_how_to_get(name)}"
        ) from error


def _how_to_get(name: str) -> str:
    return f"Where there is a network: `hf download {name} --local-dir traser`; then name that folder."


@dataclass(frozen=True)
class _Plan:
    """How a checkpoint becomes a model: `weights` are its names by ours, `strange` those that no TRASER has."""

    config: TraserConfig
    dtype: torch.dtype
    weights: Mapping[str, str]
    strange: Sequence[str]
    starts: bool  # a training: resamplers fresh, the table resized
    placed: bool  # the checkpoint has what preset `default` adds


def _plan(stored: Stored, preset: Preset, *, vocabulary: int) -> _Plan:
    weights, strange = _by_own_names(stored)
    tied = _is_tied(stored, weights)
    if tied:
        weights.pop(HEAD, None)
    latents = {
        role: stored.entries[weights[name]].shape[0]
        for role, name in (("window", "window_resampler.latents"), ("object", "object_resampler.latents"))
        if name in weights
    }
    config = config_of(stored.config, tied=tied, latents=latents, designing=preset.designing)
    starts = not latents and not is_traser(stored.config)
    table = weights.get(EMBEDDING)
    return _Plan(
        resized(config, vocabulary) if starts else config,
        stored.entries[table].dtype if table else torch.bfloat16,
        weights,
        strange,
        starts,
        placed=bool(stored.config.get(OURS, {}).get("place", False)),
    )


def _by_own_names(stored: Stored) -> tuple[dict[str, str], list[str]]:
    found: dict[str, str] = {}
    strange: list[str] = []
    for name in stored.entries:
        own = own_name(name)
        if own is None or own in found:  # twice: under the names of both layouts
            strange.append(name)
        else:
            found[own] = name
    return found, strange


def _is_tied(stored: Stored, weights: Mapping[str, str]) -> bool:
    """Whether the head is the embedding: not stored, or stored the same where nothing says that it is its own.

    The released configuration does not say, and transformers' default has changed.
    """
    if HEAD not in weights or EMBEDDING not in weights:
        return True
    if stored.config.get("tie_word_embeddings") is False:
        return False
    head, table = (stored.entries[weights[name]] for name in (HEAD, EMBEDDING))
    if head.shape != table.shape:
        return False
    one, other = (value for _, value in stored.read([weights[HEAD], weights[EMBEDDING]]))
    return bool(torch.equal(one, other))


def _bare(config: TraserConfig) -> Traser:
    """The network without memory for its weights."""
    with torch.device("meta"):
        return Traser(config)


def _given_memory(bare: Traser, *, dtype: torch.dtype, device: torch.device | str) -> Traser:
    """Memory for the weights, which nothing was written to yet."""
    model: Traser = bare.to(dtype).to_empty(device=device)
    if model.config.backbone.get("tie_word_embeddings"):
        model.backbone.lm_head.weight = model.backbone.get_input_embeddings().weight
    return model


def _refuse_misfits(plan: _Plan, bare: Traser, stored: Stored) -> None:
    wanted = {name: tuple(p.shape) for name, p in bare.named_parameters()}
    missing = [n for n in wanted if n not in plan.weights and not _is_optional(n, plan)]
    strange = [*plan.strange, *(plan.weights[n] for n in plan.weights if n not in wanted)]
    misshapen = [
        f"{stored_as} {list(stored.entries[stored_as].shape)} for {list(wanted[n])}"
        for n, stored_as in plan.weights.items()
        if n in wanted and not _fits(n, stored.entries[stored_as].shape, wanted[n], plan)
    ]
    if missing or strange or misshapen:
        told = {"missing": [stored_name(n) for n in missing], "unknown": strange, "of another shape": misshapen}
        raise CheckpointError(
            f"TRASER: the weights in {stored.folder} are not those of its config.json: "
            + "; ".join(f"{len(names)} {what} ({_shown(names)})" for what, names in told.items() if names)
            + ". Fetch it anew, or save it whole: adapters merged, both resamplers, nothing wrapped around the model."
        )


def _is_optional(name: str, plan: _Plan) -> bool:
    return (plan.starts and is_resampler(name)) or (not plan.placed and is_place(name))


def _fits(name: str, shape: tuple[int, ...], wanted: tuple[int, ...], plan: _Plan) -> bool:
    return shape == wanted or (plan.starts and name in (EMBEDDING, HEAD) and shape[1:] == wanted[1:])


def _shown(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return printable(", ".join(names[:SHOWN]), limit=900) + more


def _start(model: Traser, plan: _Plan) -> None:
    """What the checkpoint has no weights for."""
    if plan.starts:
        model.window_resampler.reset()
        model.object_resampler.reset()
    model.window_resampler.reset_places()
    model.object_resampler.reset_places()


def _fill(model: Traser, plan: _Plan, stored: Stored) -> None:
    own = {stored_as: name for name, stored_as in plan.weights.items()}
    parameters = dict(model.named_parameters())
    for stored_as, value in stored.read(list(own)):
        name = own[stored_as]
        table = plan.starts and name in (EMBEDDING, HEAD)
        parameters[name].copy_(_resized(value, len(parameters[name])) if table else value)


def _resized(table: Tensor, rows: int) -> Tensor:
    """The table with `rows` rows, those of the marks around an object, and those that it had not, drawn anew."""
    kept = table[: rows - NEW_ROWS]
    new = torch.randn(rows - len(kept), table.shape[1]) * kept.float().std()
    return torch.cat([kept, new.to(kept.dtype)])


@contextmanager
def _seeded(seed: int, device: torch.device | str) -> Iterator[None]:
    """Random numbers from `seed`, the process's own left as they are."""
    where = torch.device(device)
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
