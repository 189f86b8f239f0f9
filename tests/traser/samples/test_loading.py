"""Batches for training: the same ones with and without workers, from any state."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from resources.store.store import SceneGraphStore
from svg2_assets.traser.samples.loading import Loader
from svg2_assets.traser.samples.order import State, StreamError
from tests.traser.samples.stores import filled, listed, row, stream

COUNT = 14


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    made = filled(tmp_path_factory.mktemp("samples"), [row(f"v{i:02d}") for i in range(COUNT)])
    made.tag("t")
    return made


def loader(store: SceneGraphStore, *, seed: int = 1, **more: object) -> Loader[str, list[str]]:
    return Loader(stream(store, "t", seed=seed), listed, batch=4, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("waiting", [0, 1, 3])
def test_batches_come_in_order_with_a_short_one_at_the_end(store: SceneGraphStore, waiting: int) -> None:
    made = loader(store, waiting=waiting, epochs=1)
    batches = list(made)
    assert [len(b) for b in batches] == [4, 4, 4, 2]
    assert [x for b in batches for x in b] == list(stream(store, "t", seed=1).examples())


def test_a_state_counts_what_was_taken_not_what_was_prepared(store: SceneGraphStore) -> None:
    whole = [x for b in islice(loader(store), 12) for x in b]
    made = loader(store, waiting=3)
    first = [x for b in islice(made, 5) for x in b]
    state = State.of_json(json.loads(json.dumps(made.state.to_json())))
    assert (state.epoch, state.position) == (1, 6)
    rest = [x for b in islice(loader(store, start=state), 7) for x in b]
    assert first + rest == whole
    assert [x for b in islice(made, 7) for x in b] == rest, "asked again, it goes on where it was left"


def test_two_ranks_share_the_order_and_have_the_same_state(store: SceneGraphStore) -> None:
    whole = [x for b in islice(loader(store), 6) for x in b]
    ranks = [Loader(stream(store, "t", seed=1), listed, batch=2, rank=r, ranks=2) for r in (0, 1)]
    got = [[x for b in islice(made, 6) for x in b] for made in ranks]
    assert [x for pair in zip(*got, strict=True) for x in pair] == whole
    assert ranks[0].state == ranks[1].state == loader(store).stream.order.state(24)


def test_what_is_skipped_is_counted_and_too_much_of_it_stops(tmp_path: Path) -> None:
    rows = [row(f"v{i}") for i in range(7)] + [row("bad") | {"checksum": 0}]
    store = filled(tmp_path, rows)
    store.tag("t")
    made = Loader(stream(store, "t", instead=False, shuffle=False), listed, batch=1, epochs=1)
    assert len(list(made)) == 7
    assert made.tally.rows() == [("row differs from what was written", 1)]
    assert made.state.epoch == 1
    with pytest.raises(StreamError, match="cannot be used"):
        list(Loader(stream(store, "t", most_skipped=0), listed, batch=1, epochs=1))


@pytest.mark.slow
def test_spawned_workers_change_neither_order_nor_state(store: SceneGraphStore) -> None:
    pytest.importorskip("torch")
    expected = list(islice(loader(store), 9))
    made = loader(store, workers=1)
    taken = iter(made)
    assert [next(taken) for _ in range(3)] == expected[:3]
    del taken
    assert (made.state.epoch, made.state.position) == (0, 12)
    again = loader(store, workers=2, start=made.state, epochs=2)
    rest = list(again)
    assert rest == expected[3:7], "the rest of one epoch and another: 2 + 14 samples"
    assert again.state.epoch == 2
