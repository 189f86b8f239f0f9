"""The network as writer: untrained, it says nonsense in a valid form, and the same alone as beside longer clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import torch

from svg2_assets.traser.arrangement import Clip, Plan, Slots, arrange
from svg2_assets.traser.generation.decoding import Question, Scribe
from svg2_assets.traser.network.model import Traser, TraserConfig, collate
from svg2_assets.traser.network.resampler import ResamplerShape
from svg2_assets.traser.presets import preset_of
from svg2_assets.traser.text import Clock, Task, prompt_ids
from svg2_assets.traser.tokenizer import QwenTokenizer, train_tokenizer
from svg2_assets.traser.values import Example, Grid, Track
from tests.traser.generation.test_constraint import TEXT, check

HIDDEN, SLOTS = 64, 4


@pytest.fixture(scope="module")
def tokenizer() -> QwenTokenizer:
    return train_tokenizer([TEXT] * 20, size=400)


@pytest.fixture(scope="module")
def network(tokenizer: QwenTokenizer) -> Traser:
    marks = tokenizer.marks
    shape = ResamplerShape(hidden=HIDDEN, latents=SLOTS, depth=1, heads=2, key_heads=1, head=16, widening=2)
    backbone = {
        "text_config": {
            "vocab_size": len(tokenizer),
            "hidden_size": HIDDEN,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [2, 3, 3]},
            "pad_token_id": marks.pad,
            "bos_token_id": None,
            "eos_token_id": None,
        },
        "vision_config": {
            "depth": 1,
            "hidden_size": 32,
            "num_heads": 2,
            "intermediate_size": 48,
            "out_hidden_size": HIDDEN,
            "fullatt_block_indexes": [0],
        },
        "tie_word_embeddings": True,
        "video_token_id": marks.video,
    }
    torch.manual_seed(0)
    made = Traser(TraserConfig(backbone, shape, shape)).eval()
    with torch.no_grad():
        made.backbone.get_input_embeddings().weight.mul_(30)  # so that it means something by what it says
    return made


def clip(tokenizer: QwenTokenizer, question: Question, *, steps: int, seed: int) -> Example:
    draw, grid = np.random.default_rng(seed), Grid(steps, 3, 4)
    tracks = []
    for number in range(question.objects):
        tokens = np.sort(draw.choice(grid.tokens, 6, replace=False))
        boxes = draw.random((grid.steps, 4)).astype(np.float32)
        tracks.append(Track(number, tokens, np.ones(6, dtype=np.float32), boxes))
    plan = Plan(preset_of("default").arranging, Slots(SLOTS, SLOTS), tokenizer)
    shown = Clip(grid, np.arange(2.0 * steps), tracks)
    arranged = arrange(shown, prompt_ids(question.task, tokenizer), plan=plan)
    return Example(str(seed), draw.standard_normal((4 * grid.tokens, 1176)).astype(np.float32), grid, arranged)


def test_an_untrained_network_answers_in_form_and_padding_changes_nothing(
    tokenizer: QwenTokenizer, network: Traser
) -> None:
    questions = [
        Question(Task.SCENE_GRAPH, 1, Clock(3.5)),
        Question(Task.RELATIONSHIPS, 2, Clock(12.0)),
        Question(Task.OBJECTS, 3, Clock(7.0)),
    ]
    examples = [clip(tokenizer, q, steps=s, seed=s) for q, s in zip(questions, (2, 6, 3), strict=True)]
    decoding = replace(preset_of("default").decoding, most_new_tokens=150)
    scribe, pad = Scribe(tokenizer), tokenizer.marks.pad
    together = scribe.write(network, collate(examples, pad=pad, left=True), questions, decoding=decoding)
    for example, question, written in zip(examples, questions, together, strict=True):
        check(written.text, question.bounds)
        (alone,) = scribe.write(network, collate([example], pad=pad, left=True), [question], decoding=decoding)
        assert alone.text == written.text
