from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from benchmarks.traser_learning_clips import WORLD  # noqa: E402
from benchmarks.traser_learning_systems import Job, setup_of  # noqa: E402
from svg2_assets.traser.network.model import collate  # noqa: E402
from svg2_assets.traser.samples.examples import ExampleMaker  # noqa: E402
from svg2_assets.traser.samples.rows import to_row  # noqa: E402
from svg2_assets.traser.samples.world import build_clip  # noqa: E402
from svg2_assets.traser.text import Task  # noqa: E402
from svg2_assets.traser.training.building import maker_of, model_of, slots_of, texts_of, tokenizer_of  # noqa: E402
from svg2_assets.traser.training.contrast import MARGIN, contrast  # noqa: E402
from svg2_assets.traser.training.probes import (  # noqa: E402
    Probe,
    looked,
    losses,
    probes_of,
    shuffled,
    stranger_of,
    with_answer,
)
from svg2_assets.traser.training.values import Seen  # noqa: E402


@pytest.fixture(scope="module")
def samples():
    return [one.sample for one in (build_clip(WORLD, seed) for seed in range(4)) if one.sample is not None]


@pytest.fixture(scope="module")
def tiny(samples, tmp_path_factory):
    setup = setup_of(Job("default", 0, 1, 4, 4, 1), tmp_path_factory.mktemp("run"))
    tokenizer = tokenizer_of(setup, texts_of(to_row(s) for s in samples))
    model = model_of(setup, tokenizer)
    return model, ExampleMaker(setup.resolved(), tokenizer, slots_of(model), altered=True), tokenizer.marks.pad


def seen_of(model, batch, examples):
    embedded, latents = model.embed(batch)
    return Seen(batch, embedded, model.losses_of(embedded, latents, batch).answers, examples)


def examples_of(samples, make):
    return [make(s, Task.SCENE_GRAPH) for s in samples]


def test_the_loss_is_the_margin_less_what_a_wrong_answer_costs(samples, tiny):
    model, make, pad = tiny
    examples = examples_of(samples, make)
    one = next(e for e in examples if e.altered)
    name, ids = next(iter(one.altered.items()))
    alone = replace(one, altered={name: ids})
    batch = collate([alone], pad=pad)
    with torch.no_grad():
        found = contrast(model, seen_of(model, batch, [alone]), np.random.default_rng(0))
        true = model.token_losses(batch)
        wrong = model.token_losses(collate([with_answer(alone, ids)], pad=pad))
    assert float(found) == pytest.approx(max(0.0, MARGIN - float(wrong - true)), abs=1e-4)


def test_samples_without_a_wrong_answer_cost_nothing(samples, tiny):
    model, make, pad = tiny
    examples = [replace(e, altered={}) for e in examples_of(samples, make)]
    batch = collate(examples, pad=pad)
    assert float(contrast(model, seen_of(model, batch, examples), np.random.default_rng(0))) == 0


def test_learning_against_wrong_answers_makes_them_dearer(samples, tiny):
    model, make, pad = tiny
    examples = examples_of(samples, make)
    batch = collate(examples, pad=pad)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    costs = []
    for _ in range(12):
        loss = contrast(model, seen_of(model, batch, examples), np.random.default_rng(1))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        costs.append(float(loss.detach()))
    assert costs[-1] < 0.7 * costs[0]


def test_every_probe_is_asked_for(samples, tiny):
    model, make, pad = tiny
    strangers = [stranger_of(samples, k) for k in range(len(samples))]
    assert any(strangers), "the seeds must give two clips with as many objects"
    assert all(s is None or len(s.objects) == len(mine.objects) for s, mine in zip(strangers, samples, strict=True))
    assert all(s is not mine for s, mine in zip(strangers, samples, strict=True))
    probed = [probes_of(s, make, Task.SCENE_GRAPH, stranger=other) for s, other in zip(samples, strangers, strict=True)]
    assert any(set(one) == set(Probe) for one in probed)
    found = losses(model, probed, pad=pad, batch=3)
    assert [set(one) for one in found] == [set(one) for one in probed]
    alone = losses(model, probed[:1], pad=pad, batch=1)[0]
    assert all(alone[probe] == pytest.approx(found[0][probe], abs=1e-4) for probe in alone)


def test_what_comes_from_looking_is_the_gap_less_a_stranger_s():
    found = {Probe.TRUE: 1.0, Probe.SHIFTED: 1.5, Probe.STRANGE: 2.0, Probe.STRANGE_SHIFTED: 2.2, Probe.SWAPPED: 3.0}
    assert looked(found, Probe.SHIFTED) == pytest.approx(0.3)
    assert looked(found, Probe.SWAPPED) is None


def test_a_stranger_s_clip_gets_the_answers_of_the_sample(samples, tiny):
    _, make, _ = tiny
    k = next(k for k in range(len(samples)) if stranger_of(samples, k) is not None)
    other = stranger_of(samples, k)
    found = probes_of(samples[k], make, Task.SCENE_GRAPH, stranger=other)
    true, strange = found[Probe.TRUE], found[Probe.STRANGE]
    learned = [e.arranged.labels[e.arranged.labels != -100].tolist() for e in (true, strange)]
    assert learned[0] == learned[1]
    assert np.array_equal(strange.patches, make(other, Task.SCENE_GRAPH).patches)


def test_shuffling_moves_tokens_between_places_and_loses_none(samples, tiny):
    _, make, _ = tiny
    example = make(samples[0], Task.SCENE_GRAPH)
    moved = shuffled(example, np.random.default_rng(0))
    pairs = list(zip(example.arranged.groups, moved.arranged.groups, strict=True))
    assert all(sorted(a.tokens) == sorted(b.tokens) for a, b in pairs)
    assert any((a.tokens != b.tokens).any() for a, b in pairs)
    assert all(a.places is b.places for a, b in pairs)


def test_backwards_the_first_frame_is_the_last(samples, tiny):
    _, make, _ = tiny
    found = probes_of(samples[0], make, Task.SCENE_GRAPH)
    true, backwards = found[Probe.TRUE], found[Probe.REVERSED]
    assert len(backwards.patches) == len(true.patches)
    assert not np.allclose(backwards.patches, true.patches)


def test_examples_hold_what_the_objectives_ask_for_and_no_more(samples, tiny, tmp_path):
    model, make, _ = tiny
    setup = setup_of(Job("default", 0, 1, 4, 4, 1), tmp_path)
    sample = next(s for s in samples if s.relations and len(s.objects) > 1)
    for objectives in ({}, {"contrast": 0.5}, {"stating": 0.25}, {"contrast": 0.5, "stating": 0.25}):
        asked = setup.model_copy(update={"objectives": objectives})
        made = maker_of(asked, make.tokenizer, model)(sample, Task.SCENE_GRAPH)
        assert bool(made.altered) == ("contrast" in objectives)
        assert any(len(ids) for ids in made.stated.values()) == ("stating" in objectives)
