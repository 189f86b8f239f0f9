"""Samples streamed from a real store: one order for all readers, resumable, nothing lost silently."""

from __future__ import annotations

import json
import logging
import os
import pickle
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from resources.store.samples import StoredSamples
from resources.store.store import SceneGraphStore
from svg2_assets.traser.samples.order import State, StreamError, StreamSettings
from svg2_assets.traser.samples.rows import TABLE
from svg2_assets.traser.samples.stream import Fault, Reader, Row, Skipped, Stream, Tally, Unusable, stream_of
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.text import Task
from tests.traser.samples.stores import filled, ids_of, names_of, order_of_objects, row, stream

COUNT = 22


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    made = filled(tmp_path_factory.mktemp("samples"), [row(f"v{i:02d}") for i in range(COUNT)])
    made.tag("t")
    return made


def take(stream: Stream[str], reader: Reader, batches: int, *, start: State | None = None) -> list[list[str]]:
    return [b.examples for b in islice(stream.batches(reader, start=start), batches)]


def test_an_epoch_shows_every_sample_once(store: SceneGraphStore) -> None:
    ids = list(stream(store, "t").examples())
    assert sorted(ids) == [f"v{i:02d}" for i in range(COUNT)]
    assert ids != sorted(ids)
    assert len(stream(store, "t")) == COUNT
    assert list(stream(store, "t", shuffle=False).examples()) == sorted(ids)


@pytest.mark.parametrize("block", [1, 3, 64])
@pytest.mark.parametrize(("ranks", "workers"), [(1, 1), (1, 3), (2, 1), (2, 2), (4, 1)])
def test_the_order_is_the_same_for_any_number_of_ranks_and_workers(
    store: SceneGraphStore, ranks: int, workers: int, block: int
) -> None:
    whole = stream(store, "t")
    expected = list(islice(whole.examples(epochs=None), 48))
    batch, steps = 8 // ranks, 6
    shared = stream(store, "t", block=block)
    got: list[str] = []
    readers = {
        (r, w): iter(take(shared, Reader(batch, r, ranks, w, workers), 6)) for r in range(ranks) for w in range(workers)
    }
    for step in range(steps):
        parts = [next(readers[r, step % workers]) for r in range(ranks)]
        got += [part[i] for i in range(batch) for part in parts]
    assert got == expected


def test_it_goes_on_in_the_middle_of_an_epoch_with_other_numbers_of_ranks_and_workers(store: SceneGraphStore) -> None:
    whole = stream(store, "t")
    expected = list(islice(whole.examples(epochs=None), 60))
    take(whole, Reader(batch=5), 6)
    state = State.of_json(json.loads(json.dumps(whole.order.state(30).to_json())))
    assert (state.epoch, state.position) == (1, 8)
    again = stream(store, "t")
    rest = take(again, Reader(batch=3, ranks=2), 5, start=state), take(again, Reader(3, 1, 2), 5, start=state)
    assert [x for pair in zip(*rest, strict=True) for both in zip(*pair, strict=True) for x in both] == expected[30:60]
    assert list(again.examples(start=state, epochs=1)) == expected[30:44], "to the end of the epoch of the state"


def test_rows_are_read_in_blocks_that_are_bounded_in_rows_and_bytes(store: SceneGraphStore) -> None:
    inner = StoredSamples(store.at_tag("t"))
    asked: list[int] = []

    class Watched:
        name = "watched"
        index = staticmethod(inner.index)

        def take(self, addresses: Sequence[int]) -> Mapping[int, Row | Unusable]:
            asked.append(len(addresses))
            return inner.take(addresses)

    list(stream_of(Watched(), ids_of, StreamSettings(block=5)).examples())
    assert asked == [5, 5, 5, 5, 2]
    asked.clear()
    size = int(store.read(TABLE)["size_bytes"].max())  # type: ignore[arg-type]
    list(stream_of(Watched(), ids_of, StreamSettings(block_bytes=2 * size)).examples())
    assert max(asked) == 2
    asked.clear()
    assert len(list(stream_of(Watched(), ids_of, StreamSettings(block_bytes=1)).examples())) == COUNT
    assert max(asked) == 1


def test_tasks_that_are_asked(store: SceneGraphStore) -> None:
    got = list(stream(store, "t", names_of, tasks=("scene_graph%50", "objects")).examples())
    assert sum(g.endswith("/objects") for g in got) == COUNT
    assert sum(g.endswith("/scene_graph") for g in got) == COUNT // 2
    assert all(g.endswith("/scene_graph") for g in stream(store, "t", names_of).examples())


def test_objects_are_numbered_anew_each_time_and_alike_for_all_readers(store: SceneGraphStore) -> None:
    plain = list(stream(store, "t", order_of_objects).examples())
    assert {text.split(":")[1] for text in plain} == {"1,2"}
    made = stream(store, "t", order_of_objects, renumber=True)
    expected = list(islice(made.examples(epochs=None), 2 * COUNT))
    assert {text.split(":")[1] for text in expected} == {"1,2", "2,1"}
    assert sorted(expected[:COUNT]) != sorted(expected[COUNT:]), "not the same in every epoch"
    first, second = (take(made, Reader(2, 0, 1, worker, 2), 4) for worker in range(2))
    shared = [x for pair in zip(first, second, strict=True) for batch in pair for x in batch]
    assert shared == expected[: len(shared)]


def test_a_superseded_video_is_not_learned_from(tmp_path: Path) -> None:
    store = filled(tmp_path, [row("old"), row("new")])
    store.upsert("videos", [{"video_id": "old", "superseded_by": "new"}, {"video_id": "new"}])
    store.tag("t")
    assert list(stream(store, "t").examples()) == ["new"]


def test_it_reads_what_the_tag_holds_whatever_is_written_after(tmp_path: Path) -> None:
    store = filled(tmp_path, [row(f"v{i}") for i in range(6)])
    store.tag("first")
    before = list(stream(store, "first").examples())
    store.drop_video("v1")
    store.replace(TABLE, [row("v2", seconds=8.0), row("w")], video_ids=["v2", "w"])
    store.compact(keep_seconds=0)
    store.tag("second")
    assert list(stream(store, "first").examples()) == before
    assert sorted(stream(store, "second").examples()) == ["v0", "v2", "v3", "v4", "v5", "w"]
    lengths = {s: list(stream(store, s, frames_of_v2).examples()) for s in ("first", "second")}
    assert sum(lengths["first"]) == 4 * 6
    assert sum(lengths["second"]) == 4 * 5 + 8


def frames_of_v2(sample: Sample, task: Task) -> int:
    return len(sample.frames)


def test_the_store_itself_has_no_lasting_addresses(store: SceneGraphStore) -> None:
    from resources.store.errors import StoreError

    with pytest.raises(StoreError, match="at_tag"):
        StoredSamples(store).index()


def truncate(store: SceneGraphStore, *, fragment: int) -> None:
    """Cut a data file of the samples in the middle."""
    files = sorted(Path(store.uri, f"{TABLE}.lance", "data").iterdir(), key=lambda p: (p.stat().st_mtime_ns, p.name))
    os.truncate(files[fragment], files[fragment].stat().st_size // 2)


def test_a_truncated_file_costs_its_own_rows_which_are_counted_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = filled(tmp_path, [row(f"v{i:02d}") for i in range(12)])
    store.tag("t")
    truncate(store, fragment=1)
    with pytest.raises(StreamError, match=r"4 samples of 12 cannot be used, at most 1.0%.*4 x row in a damaged file"):
        stream(store, "t")
    with caplog.at_level(logging.WARNING):
        rest = stream(store, "t", most_skipped=0.5)
    assert rest.tally().rows() == [("row in a damaged file", 4)]
    assert "row in a damaged file" in caplog.text
    assert sorted(rest.examples()) == [f"v{i:02d}" for i in (0, 1, 2, 3, 8, 9, 10, 11)]


def test_a_file_that_breaks_while_it_is_read_costs_its_own_rows(tmp_path: Path) -> None:
    store = filled(tmp_path, [row(f"v{i:02d}") for i in range(12)])
    store.tag("t")
    opened = stream(store, "t", most_skipped=0.5, instead=False, shuffle=False)
    truncate(store, fragment=2)
    batches = list(opened.batches(Reader(batch=6), epochs=1))
    assert [b.examples for b in batches] == [[f"v{i:02d}" for i in range(6)], ["v06", "v07"]]
    assert [s.fault for s in batches[1].skipped] == [Fault.UNREADABLE] * 4
    assert [s.position for s in batches[1].skipped] == [8, 9, 10, 11]


def broken(name: str, **changes: Any) -> dict[str, Any]:
    return row(name) | changes


def test_another_sample_stands_in_for_a_corrupt_one_wherever_it_is_read(tmp_path: Path) -> None:
    store = filled(tmp_path, [*(row(f"v{i:02d}") for i in range(14)), broken("bad", checksum=1)])
    store.tag("t")
    one = stream(store, "t", most_skipped=0.2)
    batches = list(islice(one.batches(Reader(batch=5)), 3))
    assert [len(b.examples) for b in batches] == [5, 5, 5]
    skipped = [s for b in batches for s in b.skipped]
    assert [s.fault for s in skipped] == [Fault.DAMAGED]
    assert "bad" in skipped[0].detail
    expected = [x for b in batches for x in b.examples]
    by_two = [take(stream(store, "t", block=2), Reader(5, 0, 1, w, 2), 2) for w in (0, 1)]
    assert [*by_two[0][0], *by_two[1][0], *by_two[0][1]] == expected


def test_a_corrupt_sample_leaves_a_hole_where_nothing_may_stand_in(tmp_path: Path) -> None:
    store = filled(tmp_path, [row("a"), broken("b", checksum=1), row("c")])
    store.tag("t")
    whole = stream(store, "t", shuffle=False, instead=False, most_skipped=0.01)
    assert [b.examples for b in whole.batches(Reader(), epochs=1)] == [["a"], [], ["c"]]
    assert list(whole.examples()) == ["a", "c"]


def test_too_many_unusable_samples_stop_it_with_their_reasons(tmp_path: Path) -> None:
    store = filled(tmp_path, [row("a"), *(broken(f"b{i}", checksum=1) for i in range(3))])
    store.tag("t")
    with pytest.raises(StreamError, match=r"at most 0.0% may: \d x row differs.*last one: b\d.*most_skipped"):
        list(stream(store, "t", most_skipped=0).examples())
    with pytest.raises(StreamError, match=r"at most 1\.0%"):
        list(stream(store, "t").examples(epochs=None))


def test_a_maker_says_why_a_sample_cannot_be_used(store: SceneGraphStore) -> None:
    made = stream(store, "t", picky, most_skipped=0.5, instead=False)
    tally = made.tally()
    for batch in made.batches(Reader(batch=4), epochs=1):
        tally.note(len(batch.examples), batch.skipped)
    assert (tally.used, tally.rows()) == (11, [("longer than the sequence may be", 11)])


def picky(sample: Sample, task: Task) -> str:
    if int(sample.video.id[1:]) % 2:
        raise Unusable(Fault.TOO_LONG, sample.video.id)
    return sample.video.id


def test_faults_of_the_software_are_not_taken_for_faults_of_a_sample(store: SceneGraphStore) -> None:
    with pytest.raises(ZeroDivisionError):
        list(stream(store, "t", failing).examples())


def failing(sample: Sample, task: Task) -> str:
    raise ZeroDivisionError


def test_a_stream_travels_to_other_processes(store: SceneGraphStore) -> None:
    made = stream(store, "t")
    again: Stream[str] = pickle.loads(pickle.dumps(made))
    assert list(again.examples()) == list(made.examples())


def test_the_index_is_narrow(store: SceneGraphStore) -> None:
    frame, lost = StoredSamples(store.at_tag("t")).index()
    assert lost == 0
    assert frame.height == COUNT
    assert not {"masks", "pictures", "objects", "relations"} & set(frame.columns)
    assert frame["address"].dtype == pl.UInt64


def test_rows_known_to_be_lost_are_judged_once_over_all_that_there_are() -> None:
    tally = Tally("s", most=0.01)
    tally.note_lost(5000, there=600_000)
    tally.note(100, [Skipped(3, Fault.PICTURE, "v")])
    assert tally.rows() == [("row in a damaged file", 5000), ("picture does not decode", 1)]
    with pytest.raises(StreamError, match=r"3 samples of 203 cannot"):
        tally.note(100, [Skipped(4, Fault.PICTURE, "v")] * 2)
