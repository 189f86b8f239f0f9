from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from svg2_assets.traser.training.seeing import (  # noqa: E402
    FILE,
    pictures_of,
    read_seen,
    teach,
    tokens_of,
    write_seen,
)
from svg2_assets.traser.training.settings import Seeing  # noqa: E402
from tests.traser.training.small import GRID, example, model  # noqa: E402

BRIGHT, DARK = 30, 31


def shown(number: int):
    """What an object is called follows from the patches."""
    made = example(number)
    word = BRIGHT if made.patches.mean() > 0 else DARK
    return replace(made, words={k: np.array([word]) for k in tokens_of(made) if k > 0})


def batches(size: int = 4):
    for first in count(0, size):
        yield [shown(k % 24) for k in range(first, first + size)]


def accuracy(net, numbers):
    right = []
    for number in numbers:
        one = shown(number)
        with torch.no_grad():
            features = net.see(torch.from_numpy(one.patches), [GRID])
            told = net.backbone.lm_head(net.backbone.model.language_model.norm(features)).mean(0)
        word = next(iter(one.words.values()))[0]
        right.append(int(told[[BRIGHT, DARK]].argmax()) == [BRIGHT, DARK].index(word))
    return np.mean(right)


def test_a_tower_from_nothing_learns_to_name_what_it_has_not_seen():
    net = model()
    losses = teach(net, batches(), Seeing(steps=60, batch=4, pictures=1, rate=1e-2), seed=0)
    assert len(losses) == 60
    assert losses[-1] < 0.4 * losses[0]
    assert accuracy(net, range(100, 130)) > 0.9


def test_only_the_tower_and_the_words_learn():
    net = model()
    before = {n: p.detach().clone() for n, p in net.named_parameters()}
    teach(net, batches(), Seeing(steps=2, rate=1e-2), seed=0)
    moved = {n for n, p in net.named_parameters() if not torch.equal(p, before[n])}
    assert any("visual.blocks" in n for n in moved)
    assert not [n for n in moved if "resampler" in n or "language_model.layers" in n]


def test_the_same_seed_teaches_the_same():
    first, second = model(), model()
    for net in (first, second):
        teach(net, batches(), Seeing(steps=3), seed=5)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_pictures_are_single_steps_with_the_tokens_that_lie_on_them():
    one = shown(3)
    found = pictures_of([one, one], np.random.default_rng(0), most=1)
    assert [(g.steps, g.rows, g.cols) for g in found.grids] == [(1, GRID.rows, GRID.cols)] * 2
    assert found.patches.shape == (2 * 4 * GRID.cells, 1176)
    step = next(
        s for s in range(GRID.steps) if np.array_equal(one.patches[4 * s * GRID.cells :][:4], found.patches[:4])
    )
    there = {
        k: t[(t >= step * GRID.cells) & (t < (step + 1) * GRID.cells)] - step * GRID.cells
        for k, t in tokens_of(one).items()
        if k in one.words
    }
    expected = [t.tolist() for t in there.values() if len(t)]
    assert [t.tolist() for t in found.tokens][: len(expected)] == expected
    assert all(int(t.max()) < 2 * GRID.cells for t in found.tokens)


def test_what_was_learned_is_read_again_and_only_for_the_same_setup(tmp_path):
    net, other = model(0), model(1)
    teach(net, batches(), Seeing(steps=2, rate=1e-2), seed=0)
    assert not read_seen(tmp_path, other, version="a")
    write_seen(tmp_path, net, version="a")
    assert not read_seen(tmp_path, other, version="b")
    assert read_seen(tmp_path, other, version="a")
    one = torch.from_numpy(example(0).patches)
    assert torch.equal(net.see(one, [GRID]), other.see(one, [GRID]))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[: len(whole) // 2])
    assert not read_seen(tmp_path, model(2), version="a")
