"""The benchmark of selection and arrangement: both ways give the same, and too little memory takes frames away."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import pytest

pytest.importorskip("torch")

from benchmarks import traser_tokens


@pytest.fixture(scope="module")
def scene() -> traser_tokens.Scene:
    given = Namespace(objects=5, frames=7)
    made = traser_tokens._world(given, name="tiny", height=120, width=160)
    assert (len(made.masks), len(made.masks[0])) == (5, 7)
    return made


def test_both_ways_give_the_same(scene: traser_tokens.Scene) -> None:
    plain, ours = traser_tokens._plain(scene), traser_tokens._ours(scene)
    assert plain.digest == ours.digest
    assert (plain.tokens, plain.ids) == (ours.tokens, ours.ids)
    fewer = traser_tokens._ours(replace(scene, masks=[row[:4] for row in scene.masks]))
    assert fewer.digest != ours.digest


def test_short_memory_takes_frames(scene: traser_tokens.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    table = 4 * 784 * traser_tokens._grid(scene).cells * 5  # bytes a frame
    monkeypatch.setattr(traser_tokens, "_free_bytes", lambda: 10 * table)
    assert len(traser_tokens._that_fits(scene, 0.5).masks[0]) == 4
    assert len(traser_tokens._that_fits(scene, 1.0).masks[0]) == 7
