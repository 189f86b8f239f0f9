"""A watched S3 prefix, against a real S3 protocol server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from sensors.drops import DropError, Limits, Tick, scan_s3
from tests.s3_server import s3_server


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with s3_server("drops") as connected:
        yield connected


class Watcher:
    def __init__(self, client: Any, prefix: str, **limits: float) -> None:
        self.client, self.prefix, self.limits = client, prefix, Limits(**limits)  # type: ignore[arg-type]
        self.held: set[str] = set()
        self.cursor: str | None = None

    def put(self, *names: str, content: bytes = b"video") -> None:
        for name in names:
            self.client.put_object(Bucket="drops", Key=self.prefix + name, Body=content)

    def known(self, fingerprints: Sequence[str]) -> set[str]:
        return self.held.intersection(fingerprints)

    def tick(self) -> Tick:
        tick = scan_s3(self.client, "drops", self.prefix, self.cursor, known=self.known, limits=self.limits)
        self.cursor = tick.cursor
        self.held.update(f.fingerprint for f in tick.ready)
        return tick

    def names(self, tick: Tick) -> list[str]:
        return [f.uri.removeprefix(f"s3://drops/{self.prefix}") for f in tick.ready]


def test_new_objects_are_offered_once_and_others_ignored(client: Any):
    watcher = Watcher(client, "plain/")
    watcher.put("a.mp4", "sub/ü b.mov", "notes.txt", ".hidden/c.mp4", ".d.mp4", "e.mp4.part", "folder.mp4/")
    client.put_object(Bucket="drops", Key="elsewhere/z.mp4", Body=b"video")
    tick = watcher.tick()
    assert watcher.names(tick) == ["a.mp4", "sub/ü b.mov"]
    assert [f.size for f in tick.ready] == [5, 5]
    assert watcher.names(watcher.tick()) == []


def test_a_changed_object_is_new(client: Any):
    watcher = Watcher(client, "changed/")
    watcher.put("a.mp4", content=b"first")
    (first,) = watcher.tick().ready
    watcher.put("a.mp4", content=b"other")
    (second,) = watcher.tick().ready
    assert first.uri == second.uri
    assert first.fingerprint != second.fingerprint


def test_a_large_drop_comes_in_capped_ticks(client: Any):
    watcher = Watcher(client, "large/", files=10)
    watcher.put(*(f"{i:03d}.mp4" for i in range(24)))
    ticks = [watcher.tick() for _ in range(3)]
    assert [len(t.ready) for t in ticks] == [10, 10, 4]
    assert [t.more for t in ticks] == [True, True, False]
    assert len({f.uri for t in ticks for f in t.ready}) == 24
    watcher.put("000-early.mp4")
    assert watcher.names(watcher.tick()) == ["000-early.mp4"]


class SmallPages:
    """A client whose listings come five objects a page."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get_paginator(self, name: str) -> SmallPages:
        self.paginator = self.client.get_paginator(name)
        return self

    def paginate(self, **arguments: Any) -> Any:
        return self.paginator.paginate(**arguments, PaginationConfig={"PageSize": 5})


def test_listings_of_many_pages_are_read_to_the_end(client: Any):
    watcher = Watcher(client, "pages/")
    watcher.put(*(f"{i:04d}.mp4" for i in range(17)))
    watcher.client = SmallPages(client)
    assert len(watcher.tick().ready) == 17


def test_a_bucket_that_is_not_there_is_named(client: Any):
    with pytest.raises(DropError, match="s3://none/x"):
        scan_s3(client, "none", "x", None, known=lambda _: ())
