"""One typed setup of a training run: a YAML file, `--set` on the command line and Dagster's config are all this.

Figures that have a source are those of the paper (arXiv 2602.23543) and its released training code: AdamW, base rate
2e-5, merger 5e-5, resamplers 1e-4, weight decay 0.01, clipping at 1, warm-up and cosine, 8 x 2 samples a step.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from svg2_assets.traser.forms import nearest, read_form
from svg2_assets.traser.presets import PRESETS, Preset, Representing
from svg2_assets.traser.samples.order import NATURAL, StreamSettings, share_of
from svg2_assets.traser.samples.settings import SamplingSettings
from svg2_assets.traser.samples.splits import Split
from svg2_assets.traser.values import Role

OBJECTIVES = ("contrast", "naming", "stating")
"""Losses that `training.objectives` has beside the language model's."""


class Resamplers(StrEnum):
    """Which resamplers make the slots: the rows of the paper's ablation. Without any, the tokens stand themselves."""

    NONE = "none"
    OBJECT = "object"
    WINDOW = "window"
    BOTH = "both"

    @property
    def roles(self) -> frozenset[Role]:
        """As arrangement takes them."""
        return {
            Resamplers.NONE: frozenset[Role](),
            Resamplers.OBJECT: frozenset({Role.OBJECT}),
            Resamplers.WINDOW: frozenset({Role.WINDOW}),
            Resamplers.BOTH: frozenset({Role.OBJECT, Role.WINDOW}),
        }[self]


class Precision(StrEnum):
    """In what the arithmetic runs; weights stay float32 (with DeepSpeed or FSDP their library decides)."""

    FLOAT32 = "float32"
    BF16 = "bf16"


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class TinyModel(_Form):
    """Dimensions of a model that is made from nothing, with a vocabulary of its own: it learns on a CPU in minutes."""

    hidden: int = Field(default=128, ge=32, description="Width of the language model and the resamplers")
    layers: int = Field(default=4, ge=1, description="Layers of the language model")
    heads: int = Field(default=4, ge=1, description="Query heads")
    key_heads: int = Field(default=2, ge=1, description="Key and value heads")
    width: int = Field(default=384, ge=32, description="Width of the language model's MLP")
    vision_depth: int = Field(default=2, ge=1, description="Blocks of the vision tower")
    vision_hidden: int = Field(default=96, ge=16, description="Width of the vision tower")
    vision_heads: int = Field(default=4, ge=1, description="Heads of the vision tower")
    latents: int = Field(default=4, ge=1, description="Latents of each resampler")
    resampler_depth: int = Field(default=2, ge=1, description="Layers of each resampler")
    resampler_heads: int = Field(default=4, ge=1, description="Query heads of each resampler")
    resampler_key_heads: int = Field(default=2, ge=1, description="Key and value heads of each resampler")
    resampler_head: int = Field(default=32, ge=4, description="Width of a resampler's head")
    resampler_widening: int = Field(default=2, ge=1, description="MLP width of a resampler over its hidden width")
    vocabulary: int = Field(default=1200, ge=300, description="Most tokens of the vocabulary, bytes included")
    positions: int = Field(default=8192, ge=512, description="Longest sequence")

    @model_validator(mode="after")
    def _fits(self) -> TinyModel:
        # Rotary positions share a head among three axes in the language model, among two in the vision tower.
        if self.hidden % self.heads or (self.hidden // self.heads) % 16:
            raise ValueError(f"heads: {self.hidden} / {self.heads} must be a multiple of 16")
        if self.vision_hidden % self.vision_heads or (self.vision_hidden // self.vision_heads) % 4:
            raise ValueError(f"vision_heads: {self.vision_hidden} / {self.vision_heads} must be a multiple of 4")
        if self.heads % self.key_heads or self.resampler_heads % self.resampler_key_heads:
            raise ValueError("key heads must divide heads")
        return self


class ModelChoice(_Form):
    """The model to begin with: `source`, a folder or Hub id of a checkpoint, or `tiny`, made from nothing."""

    source: str | None = Field(default=None, description="Folder or Hub id of a checkpoint")
    tiny: TinyModel | None = Field(default=None, description="Dimensions of a model from nothing")

    @model_validator(mode="after")
    def _one(self) -> ModelChoice:
        if (self.source is None) == (self.tiny is None):
            raise ValueError("give either `source` (a checkpoint) or `tiny` (dimensions)")
        return self


class DataChoice(_Form):
    """Which samples, in which order: those of the store at `store` as it was when `tag` was made.

    `datasets` and `tasks` are names, each with the percentage that an epoch takes: `pvd%30`. No dataset stands for all.
    """

    store: str = Field(default="", description="Folder or s3:// URI of the store; the installation's when empty")
    tag: str = Field(default="", description="Tagged version to train on; the last of the traser- ones when empty")
    train: Split = Field(default=Split.TRAIN, description="Split to learn from")
    held_out: Split = Field(default=Split.VAL, description="Split that evaluation reads")
    datasets: tuple[str, ...] = Field(default=(), description="Datasets to learn from, with shares")
    tasks: tuple[str, ...] = Field(default=(NATURAL,), description="Tasks to ask, with shares")
    balance: float = Field(default=0.0, ge=0, le=1, description="How much samples of rare relations are preferred")
    renumber: bool = Field(default=False, description="Objects stand in a new order each time, so numbers say nothing")
    workers: int = Field(default=0, ge=0, description="Processes that prepare samples; 0: a thread of this one")

    def streaming(self, *, seed: int) -> StreamSettings:
        """As the stream of samples to learn from takes it."""
        given = self.model_dump(include={"datasets", "tasks", "balance", "renumber"})
        return StreamSettings(split=self.train, seed=seed, **given)

    def measuring(self, *, instead: bool = False) -> StreamSettings:
        """The held-out samples, each once, in the order of their ids; `instead`: another one for each unusable one."""
        datasets = tuple(share_of(name)[0] for name in self.datasets)
        return StreamSettings(split=self.held_out, datasets=datasets, shuffle=False, instead=instead, most_skipped=1.0)

    @model_validator(mode="after")
    def _fits(self) -> DataChoice:
        self.streaming(seed=0)
        return self


class Recipe(_Form):
    """How parameters move. Decay spares biases, layer norms and embeddings, and the resamplers altogether."""

    base_rate: float = Field(default=2e-5, gt=0, description="Peak learning rate of the language model")
    merger_rate: float = Field(default=5e-5, gt=0, description="Of parameters whose name holds `merger`")
    resampler_rate: float = Field(default=1e-4, gt=0, description="Of parameters whose name holds `resampler`")
    weight_decay: float = Field(default=0.01, ge=0, description="AdamW's decay")
    betas: tuple[float, float] = Field(default=(0.9, 0.999), description="AdamW's averages")
    epsilon: float = Field(default=1e-8, gt=0, description="AdamW's epsilon")
    warmup: float = Field(default=0.03, ge=0, lt=1, description="Share of the steps with a rising rate")
    floor: float = Field(default=0.0, ge=0, lt=1, description="Share of the peak rate that the cosine ends at")
    max_norm: float = Field(default=1.0, gt=0, description="Longest gradient")
    precision: Precision = Field(default=Precision.BF16, description="float32 or bf16 (autocast)")
    checkpointing: bool = Field(default=True, description="Compute activations again instead of keeping them")
    frozen_vision: bool = Field(default=True, description="Leave the vision tower as it is, its merger excepted")
    seen_once: bool = Field(
        default=False,
        description="Its merger is left, too, and what it makes of a clip is worked out once and kept in memory",
    )


class Seeing(_Form):
    """What a vision tower from nothing is taught before the run's own steps: to name what its tokens lie on."""

    steps: int = Field(default=0, ge=0, description="Steps; 0 for a tower that can see, as a checkpoint's")
    batch: int = Field(default=16, ge=1, description="Clips a step")
    pictures: int = Field(default=2, ge=1, description="Steps of a clip that are shown at once")
    rate: float = Field(default=3e-3, gt=0, description="Peak learning rate")


class LoraChoice(_Form):
    """Low-rank adapters (Hu et al. 2021) on the language model in place of its weights; needs the extra `train`."""

    rank: int = Field(default=16, ge=1)
    alpha: float = Field(default=32.0, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: tuple[str, ...] = Field(default=("q_proj", "k_proj", "v_proj", "o_proj"), min_length=1)


class Evaluating(_Form):
    """What is measured on the way."""

    every: int = Field(default=1000, ge=1, description="Steps between evaluations")
    most: int = Field(default=64, ge=0, description="Most held-out samples whose loss is measured; 0: none")
    answers: int = Field(default=2, ge=0, description="Held-out samples to write graphs for at the end")


class Saving(_Form):
    """What is kept on the way."""

    every: int = Field(default=1000, ge=1, description="Steps between checkpoints; the last step is always kept")
    keep: int = Field(default=3, ge=1, description="How many checkpoints stay")


class Setup(_Form):
    """A training run, whole. `folder` holds its setup, metrics and checkpoints; a run found there is resumed."""

    folder: Path = Field(default=Path("runs/traser"), description="Folder of the run")
    preset: str = Field(default="default", description=f"How TRASER is run: {', '.join(PRESETS)}")
    resamplers: Resamplers | None = Field(default=None, description="none, object, window, both; the preset's if unset")
    overrides: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Changes of the preset: selecting, arranging, designing, decoding"
    )
    model: ModelChoice
    data: DataChoice = DataChoice()
    sampling: SamplingSettings = Field(
        default=SamplingSettings(), description="How videos are sampled when the model is asked, as its samples were"
    )
    steps: int | None = Field(default=None, ge=1, description="Optimiser steps; by `epochs` when unset")
    epochs: float = Field(default=1.0, gt=0, description="Passes over the samples, where `steps` is unset")
    batch: int = Field(default=1, ge=1, description="Samples that a process takes at once")
    accumulation: int = Field(default=2, ge=1, description="Batches of a process that make a step")
    seeing: Seeing = Seeing()
    recipe: Recipe = Recipe()
    objectives: dict[str, float] = Field(default_factory=dict, description="Weights of additional losses, by name")
    lora: LoraChoice | None = None
    evaluating: Evaluating = Evaluating()
    saving: Saving = Saving()
    logging: int = Field(default=10, ge=1, description="Steps between lines on the console; the file has every step")
    seed: int = Field(default=42, ge=0, description="Of weights, order and dropout")

    @model_validator(mode="after")
    def _sees_once_here(self) -> Setup:
        if self.recipe.seen_once and (self.data.workers or not self.recipe.frozen_vision):
            raise ValueError("recipe.seen_once: set `recipe.frozen_vision: true` and `data.workers: 0`")
        return self

    @model_validator(mode="after")
    def _preset_exists(self) -> Setup:
        if self.preset not in PRESETS:
            raise ValueError(f"preset: there is no {self.preset!r};{nearest(self.preset, list(PRESETS))}")
        arranging = self.resolved().arranging
        if arranging.representing is not Representing.TOKENS and (arranging.roles or "naming" in self.objectives):
            raise ValueError(
                f"overrides.arranging.representing: {arranging.representing} has no slots: set `resamplers: none`, and "
                "no objective `naming`"
            )
        for name in self.objectives:
            if name not in OBJECTIVES:
                raise ValueError(f"objectives.{name}: no such loss;{nearest(name, OBJECTIVES)}")
        return self

    def resolved(self) -> Preset:
        """The preset with this setup's changes."""
        preset = PRESETS[self.preset]
        parts = {
            name: _changed(getattr(preset, name, None), name, changes, preset=preset)
            for name, changes in self.overrides.items()
        }
        preset = dataclasses.replace(preset, **parts)
        if self.resamplers is None:
            return preset
        return dataclasses.replace(preset, arranging=dataclasses.replace(preset.arranging, roles=self.resamplers.roles))

    def to_yaml(self) -> str:
        """As a file that gives the same setup."""
        return str(yaml.safe_dump(json.loads(self.model_dump_json()), sort_keys=False))


def read_setup(
    path: Path | None = None, *, text: str = "", changes: Sequence[str] = (), defaults: Mapping[str, Any] | None = None
) -> Setup:
    """The setup of a YAML file or `text`, changed. See `forms.read_form`; raises `InvalidSetup`."""
    return read_form(Setup, path, text=text, changes=changes, defaults=defaults)


def _changed(part: Any, name: str, changes: Mapping[str, Any], *, preset: Preset) -> Any:
    """A part of the preset with `changes`, each cast to the kind of what it replaces."""
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        parts = [f.name for f in dataclasses.fields(preset) if dataclasses.is_dataclass(getattr(preset, f.name))]
        raise ValueError(f"overrides.{name}: no such part;{nearest(name, parts)}")
    known = {f.name: getattr(part, f.name) for f in dataclasses.fields(part) if f.name != "roles"}
    made: dict[str, Any] = {}
    for key, value in changes.items():
        if key not in known:
            raise ValueError(f"overrides.{name}.{key}: no such key;{nearest(key, list(known))}")
        made[key] = _cast(value, known[key], f"overrides.{name}.{key}")
    return dataclasses.replace(part, **made)


def _cast(value: Any, example: Any, where: str) -> Any:
    if isinstance(example, StrEnum):
        return type(example)(value)
    if isinstance(example, bool) or isinstance(value, bool):
        fits = isinstance(value, bool) and isinstance(example, bool)
    elif isinstance(example, float):
        value = _number(value)
        fits = isinstance(value, float)
    else:
        fits = value is None or isinstance(value, int)
    if not fits:
        raise ValueError(f"{where}: expected {type(example).__name__}, found {value!r}")
    return value


def _number(value: Any) -> Any:
    """As a float where it is one; YAML 1.1 takes 1e-3 for text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value
