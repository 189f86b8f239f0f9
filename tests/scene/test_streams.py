"""A stream that is computed ahead: the same items in order, no more of them waiting than asked, errors included."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from svg2_assets.scene.streams import ahead


def numbers(made: list[int], *, up_to: int, fails_at: int | None = None) -> Iterator[int]:
    for i in range(up_to):
        if i == fails_at:
            raise OSError("disk is gone")
        made.append(i)
        yield i


def test_everything_arrives_in_order() -> None:
    assert list(ahead(numbers([], up_to=50), most=3)) == list(range(50))


def test_it_waits_for_its_reader() -> None:
    made: list[int] = []
    with closing(ahead(numbers(made, up_to=50), most=3)) as stream:
        next(stream)
        deadline = time.monotonic() + 5
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        assert made == [0, 1, 2, 3, 4]  # one handed over, three waiting, one in hand


def test_its_error_is_raised_after_what_came_before() -> None:
    seen: list[int] = []
    with pytest.raises(OSError, match="disk is gone"):
        seen.extend(ahead(numbers([], up_to=9, fails_at=4), most=2))
    stream = ahead(numbers([], up_to=9, fails_at=2), most=2)
    assert [next(stream), next(stream)] == [0, 1]
    with pytest.raises(OSError, match="disk is gone"):
        next(stream)


def test_a_reader_that_stops_leaves_no_thread() -> None:
    before = threading.active_count()
    with closing(ahead(numbers([], up_to=1000), most=2)) as stream:
        next(stream)
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
