from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from svg2_assets.traser.samples.splits import Split, SplitSettings, split_of

IDS = [f"video-{i}" for i in range(20_000)]


def test_shares_are_kept_and_a_video_stays_in_its_split_whatever_is_added() -> None:
    shares = SplitSettings(val=0.1, test=0.2)
    counts = Counter(split_of(v, shares) for v in IDS)
    assert counts[Split.TEST] / len(IDS) == pytest.approx(0.2, abs=0.01)
    assert counts[Split.VAL] / len(IDS) == pytest.approx(0.1, abs=0.01)
    # What the split of an id is depends on nothing but the id: known values, so that no later version moves them.
    assert [split_of(f"v{i}", shares).value for i in range(6)] == ["train", "test", "train", "test", "test", "train"]


def test_a_larger_test_share_takes_no_video_out_of_the_test() -> None:
    small, large = SplitSettings(val=0.1, test=0.1), SplitSettings(val=0.1, test=0.2)
    before = {v for v in IDS if split_of(v, small) is Split.TEST}
    assert before < {v for v in IDS if split_of(v, large) is Split.TEST}


def test_another_salt_draws_other_videos() -> None:
    shares, salted = SplitSettings(test=0.5), SplitSettings(test=0.5, salt="b")
    moved = sum(split_of(v, shares) != split_of(v, salted) for v in IDS)
    assert 0.4 < moved / len(IDS) < 0.6


def test_shares_over_the_whole_are_refused() -> None:
    with pytest.raises(ValidationError, match="more than 1"):
        SplitSettings(val=0.6, test=0.6)
