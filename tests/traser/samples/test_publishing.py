from __future__ import annotations

from pathlib import Path

import pytest

from resources.store.errors import StoreError
from resources.store.store import SceneGraphStore
from svg2_assets.traser.samples.counting import Reason
from svg2_assets.traser.samples.publishing import NothingToPublish, publish_samples
from svg2_assets.traser.samples.rows import TABLE
from svg2_assets.traser.samples.splits import SplitSettings
from tests.traser.samples.stores import filled, row, stream

ONLY_TEST = SplitSettings(val=0, test=1)


def test_a_tag_says_what_it_holds_and_keeps_it(tmp_path: Path) -> None:
    rows = [row("a"), row("b", dataset="other"), row("c", splits=ONLY_TEST)]
    store = filled(tmp_path, rows)
    published = publish_samples(store, "train-1")
    assert published.samples == {("a", "test"): 1, ("a", "train"): 1, ("other", "train"): 1}
    assert published.counts[Reason.SAMPLE] == 3
    assert published.version == store.tags()["train-1"][TABLE]
    store.replace(TABLE, [row("d")], video_ids=["a", "b", "c", "d"])
    store.compact(keep_seconds=0)
    assert sorted(stream(store, "train-1").examples()) == ["a", "b"]
    with pytest.raises(StoreError, match="exists"):
        publish_samples(store, "train-1")
    assert publish_samples(store, "train-2").samples == {("a", "train"): 1}


def test_nothing_to_learn_from_is_no_version(tmp_path: Path) -> None:
    store = SceneGraphStore(str(tmp_path / "store"))
    with pytest.raises(NothingToPublish, match="no sample for training"):
        publish_samples(store, "t")
    held_out = filled(tmp_path, [row("a", splits=ONLY_TEST)])
    with pytest.raises(NothingToPublish, match="1 in all"):
        publish_samples(held_out, "t")
    assert store.tags() == {}
