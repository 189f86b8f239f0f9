"""Partitions are immutable batches of videos."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svg2_assets.catalog.batches import InvalidCorpusName, chunked_keys, corpus_batches, corpus_slug, single


def test_a_dropped_video_is_a_batch_of_one_under_its_own_id():
    batch = single("0123456789abcdef")
    assert (batch.key, batch.video_ids) == ("0123456789abcdef", ("0123456789abcdef",))


def test_a_corpus_is_split_in_order_under_numbered_keys():
    batches = corpus_batches("SA-V (train)", [f"v{i}" for i in range(130)])
    assert [b.key for b in batches] == ["sa-v-train-000000", "sa-v-train-000001", "sa-v-train-000002"]
    assert [len(b.video_ids) for b in batches] == [64, 64, 2]
    assert batches[2].video_ids == ("v128", "v129")


def test_a_second_import_makes_new_batches_and_leaves_the_half_full_one_alone():
    first = corpus_batches("corpus", ["a", "b", "c"], size=2)
    existing = [b.key for b in first] + ["corpus-b-000009", "0123456789abcdef"]
    second = corpus_batches("corpus", ["d"], existing_keys=existing, size=2)
    assert [(b.key, b.video_ids) for b in second] == [("corpus-000002", ("d",))]


@given(st.lists(st.text("abc", min_size=1, max_size=3)), st.integers(1, 5))
def test_every_video_is_in_exactly_one_batch(ids: list[str], size: int):
    batches = corpus_batches("c", ids, size=size)
    placed = [v for b in batches for v in b.video_ids]
    assert placed == list(dict.fromkeys(ids))
    assert all(1 <= len(b.video_ids) <= size for b in batches)
    assert len({b.key for b in batches}) == len(batches)


def test_a_corpus_name_becomes_plain_letters_or_is_refused():
    assert corpus_slug("  Épic Kitchens/100 ") == "epic-kitchens-100"
    assert len(corpus_slug("x" * 500)) == 40
    with pytest.raises(InvalidCorpusName, match="another name"):
        corpus_slug("視頻")


def test_batches_hold_at_least_one_video():
    with pytest.raises(ValueError, match="at least one"):
        corpus_batches("c", ["a"], size=0)


def test_keys_are_added_in_pieces():
    assert [len(c) for c in chunked_keys([str(i) for i in range(25)], size=10)] == [10, 10, 5]
