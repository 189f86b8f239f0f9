from __future__ import annotations

import pickle
from collections import Counter

import polars as pl
import pytest
from pydantic import ValidationError

from svg2_assets.traser.samples.order import Order, State, StreamError, StreamSettings, order_of, share_of

TASKS = ["scene_graph", "relationships", "attributes", "objects"]


def index(
    n: int = 50, *, datasets: tuple[str, ...] = ("a",), split: str = "train", first: int = 0, **columns: list[object]
) -> pl.DataFrame:
    """`n` rows a dataset; row i of the first lies at address 10 i."""
    rows = [
        {
            "video_id": f"{name}{i:04d}",
            "sample_id": "whole",
            "dataset": name,
            "split": split,
            "tasks": TASKS if i % 2 == 0 else TASKS[2:],
            "categories": ["spatial"],
            "category_counts": [4],
            "num_relations": 4,
            "size_bytes": 100,
            "address": 10 * (i + n * k) + first,
        }
        for k, name in enumerate(datasets)
        for i in range(n)
    ]
    frame = pl.DataFrame(rows)
    return frame.with_columns(**{name: pl.Series(values) for name, values in columns.items()})


def addresses(order: Order, first: int, count: int) -> list[int]:
    return [order.at(p).address for p in range(first, first + count)]


def test_an_epoch_has_every_sample_once_and_the_next_one_another_order() -> None:
    order = order_of(index(), StreamSettings())
    first, second = addresses(order, 0, 50), addresses(order, 50, 50)
    assert sorted(first) == sorted(second) == [10 * i for i in range(50)]
    assert first != second
    assert first != sorted(first)
    assert addresses(order, 0, 50) == first


def test_the_order_follows_from_ids_and_seed_not_from_where_rows_lie() -> None:
    one = order_of(index(), StreamSettings())
    moved = index().with_columns(address=pl.col("address") + 7).reverse()
    two = order_of(moved, StreamSettings())
    assert [a + 7 for a in addresses(one, 0, 100)] == addresses(two, 0, 100)
    assert one.fingerprint == two.fingerprint
    other = order_of(index(), StreamSettings(seed=1))
    assert addresses(other, 0, 50) != addresses(one, 0, 50)
    assert other.fingerprint != one.fingerprint


def test_the_order_is_the_same_in_every_version_of_this_software() -> None:
    assert addresses(order_of(index(8), StreamSettings(seed=3)), 0, 10) == [10, 30, 50, 0, 70, 20, 40, 60, 60, 10]


def test_without_shuffling_samples_come_by_id() -> None:
    order = order_of(index(4, datasets=("b", "a")), StreamSettings(shuffle=False))
    assert addresses(order, 0, 8) == [40, 50, 60, 70, 0, 10, 20, 30]
    assert addresses(order, 8, 2) == [40, 50]


def test_a_share_of_a_dataset_is_another_part_of_it_each_epoch_until_all_was_seen() -> None:
    settings = StreamSettings(datasets=("a", "b%25"))
    order = order_of(index(40, datasets=("a", "b", "c")), settings)
    assert len(order) == 50
    seen: Counter[int] = Counter()
    for epoch in range(4):
        part = [a for a in addresses(order, 50 * epoch, 50) if a >= 400]
        assert len(part) == 10
        seen.update(part)
    assert seen == Counter({10 * i: 1 for i in range(40, 80)})
    twice = order_of(index(10), StreamSettings(datasets=("a%250",)))
    assert Counter(Counter(addresses(twice, 0, 25)).values()) == Counter({2: 5, 3: 5})


def test_tasks_are_asked_in_their_shares_of_samples_that_can_answer() -> None:
    order = order_of(index(40), StreamSettings(tasks=("natural", "relationships", "objects%10")))
    items = [order.at(p) for p in range(len(order))]
    assert Counter(i.task for i in items) == {"natural": 40, "relationships": 20, "objects": 4}
    assert all(i.address // 10 % 2 == 0 for i in items if i.task == "relationships")


def test_rare_categories_come_oftener_when_balanced() -> None:
    rare = [["social"] if i < 5 else ["spatial"] for i in range(50)]
    frame = index(50, categories=rare)
    counts = {}
    for balance in (0.0, 0.5, 1.0):
        order = order_of(frame, StreamSettings(balance=balance))
        drawn = addresses(order, 0, 50 * 20)
        counts[balance] = sum(a < 50 for a in drawn) / len(drawn)
        assert len(order) == 50
    assert counts[0.0] == 0.1
    # Weights 1/5 against 1/45 for each: half of what is drawn; with their roots, a quarter.
    assert counts[1.0] == pytest.approx(0.5, abs=0.02)
    assert counts[0.5] == pytest.approx(0.25, abs=0.02)
    assert len(set(addresses(order_of(frame, StreamSettings(balance=1.0)), 0, 1000))) == 50, "nothing is never seen"


def test_samples_without_categories_are_neither_rare_nor_frequent() -> None:
    frame = index(10, categories=[[]] * 5 + [["spatial"]] * 5, category_counts=[[]] * 5 + [[4]] * 5)
    drawn = addresses(order_of(frame, StreamSettings(balance=1.0)), 0, 200)
    assert sum(a < 50 for a in drawn) == pytest.approx(100, abs=6)


def test_a_state_is_small_json_and_refuses_other_data() -> None:
    order = order_of(index(), StreamSettings())
    state = order.state(123)
    assert State.of_json(state.to_json()) == state == State(2, 23, order.fingerprint)
    assert order.position(state) == 123
    other = order_of(index(51), StreamSettings())
    with pytest.raises(StreamError, match="cannot resume in the middle of other data"):
        other.position(state)
    assert other.position(State()) == 0


def test_an_order_travels_to_other_processes() -> None:
    order = order_of(index(), StreamSettings())
    before = addresses(order, 0, 60)
    again: Order = pickle.loads(pickle.dumps(order))
    assert addresses(again, 0, 60) == before


def test_nothing_to_read_is_an_error_that_says_what_there_is() -> None:
    with pytest.raises(StreamError, match="no sample of split val"):
        order_of(index(), StreamSettings(split="val"))
    with pytest.raises(StreamError, match="no dataset c among the samples; there are a, b"):
        order_of(index(datasets=("a", "b")), StreamSettings(datasets=("c%3",)))
    with pytest.raises(StreamError, match="there are none"):
        order_of(index().clear(), StreamSettings(datasets=("a",)))


@pytest.mark.parametrize("text", ["a%", "%5", "a%-3", "a%0", "a%x", "a%nan"])
def test_shares_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="name%percentage"):
        share_of(text)


def test_settings_refuse_unknown_tasks_and_names_given_twice() -> None:
    for wrong in ({"tasks": ("sing",)}, {"tasks": ()}, {"datasets": ("a", "a%3")}, {"balance": 2}):
        with pytest.raises(ValidationError):
            StreamSettings.model_validate(wrong)
