"""The model and the tokenizer that a run begins with: a checkpoint's, or small ones made from nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from svg2_assets.scene.spans import Span, Spans
from svg2_assets.traser.arrangement import Marks, Slots
from svg2_assets.traser.network.loading import fresh_traser, load_traser, located
from svg2_assets.traser.network.model import Traser, TraserConfig
from svg2_assets.traser.network.resampler import ResamplerShape, initial_std
from svg2_assets.traser.presets import Preset
from svg2_assets.traser.samples.examples import ExampleMaker, FrameLibrary
from svg2_assets.traser.text import HEADS, SYSTEM, TAIL, Clock, Statement, Task, Thing, Told, target_text
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer
from svg2_assets.traser.training.settings import Setup, TinyModel

MOST_TEXTS = 5000  # answers from which a vocabulary is learned
ROPE_THETA = 10_000.0
VISION_WIDTH = 1280  # of the released vision tower
TEXT_COLUMNS = ("duration", "objects", "relations")
"""Columns of `traser_samples` that `texts_of` reads."""


def tokenizer_of(setup: Setup, texts: Iterable[str] = ()) -> QwenTokenizer:
    """The checkpoint's tokenizer, with TRASER's marks added to Qwen's own; a tiny model's is learned from `texts`."""
    if setup.model.tiny is not None:
        return train_tokenizer(texts, size=setup.model.tiny.vocabulary)
    return QwenTokenizer.load(located(str(setup.model.source)), add_marks=True)


def model_of(setup: Setup, tokenizer: QwenTokenizer) -> Traser:
    """The model that step 1 begins with, in float32."""
    preset = setup.resolved()
    if setup.model.tiny is not None:
        return fresh_traser(tiny_config(setup.model.tiny, tokenizer, preset), seed=setup.seed)
    return load_traser(
        str(setup.model.source), preset=preset, dtype=torch.float32, vocabulary=len(tokenizer), seed=setup.seed
    )


def tiny_config(tiny: TinyModel, tokenizer: QwenTokenizer, preset: Preset) -> TraserConfig:
    """The configuration of a tiny model with this tokenizer."""
    marks = tokenizer.marks
    shape = ResamplerShape(
        tiny.hidden,
        tiny.latents,
        tiny.resampler_depth,
        tiny.resampler_heads,
        tiny.resampler_key_heads,
        tiny.resampler_head,
        tiny.resampler_widening,
    )
    backbone = {
        "text_config": _text_of(tiny, tokenizer),
        "vision_config": _vision_of(tiny),
        "tie_word_embeddings": True,
        "video_token_id": marks.video,
        **_mark_ids(tokenizer, marks),
    }
    designing = preset.designing
    return TraserConfig(
        backbone,
        shape,
        shape,
        place=designing.place,
        orthogonal=designing.orthogonal,
        diversity=designing.diversity,
    )


def _text_of(tiny: TinyModel, tokenizer: QwenTokenizer) -> dict[str, Any]:
    """The language model."""
    marks, head = tokenizer.marks, tiny.hidden // tiny.heads
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": tiny.hidden,
        "initializer_range": initial_std(tiny.hidden),
        "intermediate_size": tiny.width,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": tiny.heads,
        "num_key_value_heads": tiny.key_heads,
        "max_position_embeddings": tiny.positions,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": ROPE_THETA,
            "mrope_section": [head // 8, 3 * head // 16, 3 * head // 16],  # Qwen's shares of half a head
        },
        "tie_word_embeddings": True,
        "pad_token_id": marks.pad,
        "bos_token_id": marks.pad,
        "eos_token_id": marks.end,
    }


def _vision_of(tiny: TinyModel) -> dict[str, Any]:
    """The vision tower."""
    return {
        "depth": tiny.vision_depth,
        "hidden_size": tiny.vision_hidden,
        "initializer_range": initial_std(tiny.vision_hidden, width=VISION_WIDTH),
        "num_heads": tiny.vision_heads,
        "intermediate_size": 2 * tiny.vision_hidden,
        "out_hidden_size": tiny.hidden,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "fullatt_block_indexes": [tiny.vision_depth - 1],
        "in_channels": 3,
    }


def _mark_ids(tokenizer: QwenTokenizer, marks: Marks) -> dict[str, int]:
    """What the configuration of a checkpoint says of its marks."""
    return {
        "image_token_id": int(tokenizer.inner.convert_tokens_to_ids("<|image_pad|>")),
        "vision_start_token_id": marks.vision_start,
        "vision_end_token_id": marks.vision_end,
        "obj_traj_start_id": marks.object_start,
        "obj_traj_end_id": marks.object_end,
    }


def slots_of(model: Traser) -> Slots:
    """How many latents its resamplers give."""
    return Slots(object=model.config.object.latents, window=model.config.window.latents)


def maker_of(
    setup: Setup, tokenizer: QwenTokenizer, model: Traser, library: FrameLibrary | None = None
) -> ExampleMaker:
    """What makes the examples that `setup` learns from: with what its objectives ask for and no more."""
    asked = {"altered": "contrast" in setup.objectives, "stated": "stating" in setup.objectives}
    return ExampleMaker(setup.resolved(), tokenizer, slots_of(model), library, **asked)


def texts_of(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What a small tokenizer is learned from: prompts, labels of blocks and windows, answers of samples' rows."""
    yield from (f"system\n{SYSTEM}", *(f"user\n{HEADS[task]}{TAIL}\n" for task in Task), "assistant\n")
    for number, row in enumerate(rows):
        if number == MOST_TEXTS:
            return
        told = _told_of(row["objects"] or (), row["relations"] or ())
        yield from (f"Object {t.number}: " for t in told.things)
        yield from (f"<{s} - {s + 4} sec>" for s in range(0, int(row["duration"]) + 1, 4))
        yield target_text(told, task=Task.SCENE_GRAPH, clock=Clock(row["duration"]))


def _told_of(objects: Sequence[Mapping[str, Any]], relations: Sequence[Mapping[str, Any]]) -> Told:
    number = {o["id"]: k for k, o in enumerate(objects, 1)}
    return Told(
        tuple(Thing(number[o["id"]], o["name"], tuple(a["value"] for a in o["attributes"] or ())) for o in objects),
        tuple(
            Statement(
                number.get(r["subject"], -1),
                r["predicate"],
                number.get(r["object"], -1),
                Spans.of(Span(s["start"], s["end"]) for s in r["spans"]),
            )
            for r in relations
        ),
    )


def files_of(tokenizer: QwenTokenizer, folder: Path) -> tuple[Path, ...]:
    """The tokenizer's files, written into `folder`: companions of every checkpoint."""
    tokenizer.save(folder)
    return tuple(sorted(p for p in folder.iterdir() if p.is_file()))
