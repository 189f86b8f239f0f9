from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from svg2_assets.traser.network.model import collate  # noqa: E402
from svg2_assets.traser.training.naming import naming, stating, word_loss  # noqa: E402
from svg2_assets.traser.training.values import Seen  # noqa: E402
from svg2_assets.traser.values import Role  # noqa: E402
from tests.traser.training.small import VOCABULARY, Letters, example, model  # noqa: E402


def named(number: int):
    made = example(number)
    return replace(made, words={k: np.array([20 + k, 40]) for k in range(1, 3)})


def seen_of(net, examples):
    batch = collate(examples, pad=0)
    return Seen(batch, net.embed(batch)[0], torch.zeros(len(examples)), examples)


def test_the_loss_is_of_the_mean_over_the_slots_of_each_word_s_probability():
    net = model()
    shown, words = [torch.randn(3, 32), torch.randn(1, 32)], [torch.tensor([5, 9]), torch.tensor([7])]
    found = word_loss(net, shown, words)
    norm, head = net.backbone.model.language_model.norm, net.backbone.lm_head
    costs = []
    for states, ids in zip(shown, words, strict=True):
        told = torch.stack([torch.softmax(head(norm(state)), -1) for state in states]).mean(0)
        costs.append(np.mean([-np.log(float(told[i])) for i in ids]))
    assert float(found) == pytest.approx(np.mean(costs), abs=1e-5)


def test_only_the_slots_of_an_object_count_for_its_words():
    net, one = model(), named(1)
    seen = seen_of(net, [one])
    told = [g for g in one.arranged.groups if round(float(g.meta[-1])) in one.words]
    inside = sorted({k for g in told for k in range(g.start, g.start + g.slots)})

    def cost_with(places):
        moved = seen.embedded.detach().clone()
        moved[0, places] = torch.linspace(-1, 1, moved.shape[-1])
        return float(naming(net, replace(seen, embedded=moved), np.random.default_rng(0)))

    before = float(naming(net, seen, np.random.default_rng(0)))
    outside = [k for k in range(len(one.arranged)) if k not in inside]
    assert cost_with(outside) == pytest.approx(before, abs=1e-5)
    assert cost_with(inside[:1]) != pytest.approx(before, abs=1e-4)


def test_without_words_nothing_is_lost():
    net = model()
    seen = seen_of(net, [example(0), example(1)])
    assert float(naming(net, seen, np.random.default_rng(0))) == 0


def test_what_fills_the_slots_learns_the_words():
    net = model()
    examples = [named(k) for k in range(4)]
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    costs = []
    for _ in range(30):
        loss = naming(net, seen_of(net, examples), np.random.default_rng(0))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        costs.append(float(loss.detach()))
    assert costs[0] == pytest.approx(np.log(VOCABULARY), rel=0.2)
    assert costs[-1] < 0.5 * costs[0]


def stated(number: int):
    """The first pair's slots say one word, the second's nothing, the camera another one."""
    made = example(number)
    pairs = [k for k, g in enumerate(made.arranged.groups) if g.role is Role.BESIDE]
    window = next(k for k, g in enumerate(made.arranged.groups) if g.role is Role.WINDOW)
    return replace(made, stated={pairs[0]: np.array([20, 40]), pairs[1]: np.zeros(0, np.int64), window: np.array([30])})


def test_a_pair_tells_what_holds_or_that_nothing_does():
    net, one = model(), stated(1)
    seen = seen_of(net, [one])
    places = list(one.stated)
    groups = [one.arranged.groups[k] for k in places]
    shown = [seen.embedded[0, g.start : g.start + g.slots] for g in groups]
    words = [torch.tensor([20, 40]), torch.tensor([Letters.marks.video]), torch.tensor([30])]
    expected = word_loss(net, shown, words)
    assert float(stating(net, seen, np.random.default_rng(0))) == pytest.approx(float(expected), abs=1e-6)
    assert float(stating(net, seen_of(net, [example(1)]), np.random.default_rng(0))) == 0


def test_what_fills_a_pair_s_slots_learns_what_holds():
    net, examples = model(), [stated(k) for k in (1, 1)]
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-2)
    costs = []
    for _ in range(40):
        loss = stating(net, seen_of(net, examples), np.random.default_rng(0))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        costs.append(float(loss.detach()))
    assert costs[-1] < 0.5 * costs[0]


def test_of_very_many_slots_some_are_read(monkeypatch):
    net, one = model(), stated(1)
    seen = seen_of(net, [one])
    single = {float(stating(net, replace(seen, examples=[replace(one, stated={k: ids})]), np.random.default_rng(0)))
              for k, ids in one.stated.items()}  # fmt: skip
    monkeypatch.setattr("svg2_assets.traser.training.naming.MOST_SLOTS", 1)
    drawn = {float(stating(net, seen, np.random.default_rng(k))) for k in range(20)}
    assert drawn <= single
    assert len(drawn) > 1, "not always the same"
