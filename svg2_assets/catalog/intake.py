"""Registers videos: content hash, one id per content, one immutable partition per video or batch.

Registration is cheap and decodes nothing; the asset `videos` does that. What cannot even be read is registered too,
under an id made from its name, so that its failure is on record and shows in `svg2 status`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from svg2_assets.catalog.batches import corpus_batches, single
from svg2_assets.catalog.identity import id_without_content, video_id
from svg2_assets.catalog.lookup import Tables
from svg2_assets.catalog.protocols import Prober
from svg2_assets.scene.errors import VideoError, printable

VIDEO_SUFFIXES = frozenset(
    ".3gp .asf .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob .webm .wmv".split()
)
"""What a folder is searched for; a file that is named is taken whatever it is called."""


class Catalog(Tables, Protocol):
    """The store, as far as registering needs it."""

    def upsert(self, table: str, rows: Any) -> Any:
        """Insert or replace rows by key."""
        ...

    def drop_video(self, video_id: str) -> Any:
        """Remove every row of a video."""
        ...


@dataclass(slots=True)
class Intake:
    """What became of the names given: ids in order (new or known before), the new ones, their partitions."""

    video_ids: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    partitions: list[str] = field(default_factory=list)


def register(
    catalog: Catalog,
    uris: Iterable[str],
    prober: Prober,
    *,
    batch_size: Callable[[int], int] = lambda _: 1,
    corpus: str = "batch",
    fingerprints: Mapping[str, str] | None = None,
) -> Intake:
    """Register `uris`; `batch_size` is asked with the number of new videos, 1 gives each its own partition.

    `fingerprints` (URI -> size and time, or etag) are kept, so that a later look at the same place can be skipped.
    """
    intake = Intake()
    rows: dict[str, dict[str, Any]] = {}
    identified = [(uri, *_identify(uri, prober)) for uri in dict.fromkeys(uris)]
    ids = [v for _, v, _, _ in identified]
    known = {row["video_id"]: row for row in catalog.read("videos", video_ids=list(dict.fromkeys(ids))).to_dicts()}
    for uri, video, sha256, problem in identified:
        row = rows.get(video) or known.get(video) or _new_row(uri, video, sha256, problem)
        rows[video] = _named(row, uri, (fingerprints or {}).get(uri))
        if video not in intake.video_ids:
            intake.video_ids.append(video)
            if video not in known:
                intake.new.append(video)
    _partition(catalog, rows, intake, size=batch_size(len(intake.new)), corpus=corpus)
    if rows:
        _supersede(catalog, rows)
        catalog.upsert("videos", list(rows.values()))
    intake.partitions = list(dict.fromkeys(str(rows[v]["partition"]) for v in intake.video_ids))
    return intake


def find_files(paths: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Absolute paths of the videos that `paths` name, folders searched through; and names refused, with the reason."""
    found: list[str] = []
    refused: dict[str, str] = {}
    for given in paths:
        if given.startswith("s3://"):
            found.append(given)
            continue
        path = os.path.abspath(given)  # noqa: PTH100 - Path.absolute keeps `..`, which would name one file twice
        inside = _videos_in(Path(path)) if Path(path).is_dir() else [path]
        if not os.path.lexists(path):
            refused[given] = "there is no such file. Check the name."
        elif not inside:
            refused[given] = f"the folder holds no video file ({', '.join(sorted(VIDEO_SUFFIXES))})."
        else:
            found += [f for f in inside if _utf8(f, refused)]
    return found, refused


def _videos_in(folder: Path) -> list[str]:
    return sorted(
        str(p) for p in folder.rglob("*") if p.suffix.lower() in VIDEO_SUFFIXES and not p.name.startswith(".")
    )


def _utf8(path: str, refused: dict[str, str]) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        refused[printable(path)] = "the name is not valid UTF-8. Rename the file."
        return False
    return True


def _identify(uri: str, prober: Prober) -> tuple[str, str, VideoError | None]:
    try:
        sha256 = prober.content_hash(uri)
    except VideoError as error:
        return id_without_content(uri), "", error
    return video_id(sha256), sha256, None


def _new_row(uri: str, video: str, sha256: str, problem: VideoError | None) -> dict[str, Any]:
    return {
        "video_id": video,
        "uri": uri,
        "names": [],
        "fingerprints": [],
        "sha256": sha256,
        "status": "registered",
        "reason": problem.reason if problem else None,
        "error": str(problem) if problem else None,
        "variable_rate": False,
        "created_at": datetime.now(UTC),
    }


def _named(row: Mapping[str, Any], uri: str, fingerprint: str | None) -> dict[str, Any]:
    """`row` with one more name of the same content."""
    names = list(dict.fromkeys([*row["names"], uri]))
    prints = list(dict.fromkeys([*row["fingerprints"], *([fingerprint] if fingerprint else [])]))
    return {**row, "names": names, "fingerprints": prints, "superseded_by": None}


def _partition(catalog: Catalog, rows: dict[str, dict[str, Any]], intake: Intake, *, size: int, corpus: str) -> None:
    if size <= 1:
        batches = [single(v) for v in intake.new]
    else:
        taken = set(catalog.read("videos", columns=["partition"])["partition"].to_list())
        batches = corpus_batches(corpus, intake.new, existing_keys=taken, size=size)
    for batch in batches:
        for video in batch.video_ids:
            rows[video]["partition"] = batch.key


def _supersede(catalog: Catalog, rows: dict[str, dict[str, Any]]) -> None:
    """A name stands for its newest content only. Content that no name is left for is marked as superseded."""
    holder = {name: v for v, row in rows.items() for name in row["names"]}
    named = catalog.read("videos", columns=["video_id", "names"]).explode("names")
    stale = named.filter(pl.col("names").is_in(list(holder)))
    moved = {v for v, name in stale.iter_rows() if holder[name] != v and v not in rows}
    for row in catalog.read("videos", video_ids=sorted(moved)).to_dicts() if moved else ():
        if not row["sha256"]:
            catalog.drop_video(row["video_id"])
            continue
        lost = [name for name in row["names"] if name in holder]
        left = [name for name in row["names"] if name not in holder]
        successor = holder[row["uri"] if row["uri"] in holder else lost[0]]
        gone = {"superseded_by": successor, "names": row["names"]}
        rows[row["video_id"]] = {**row, **({"names": left, "uri": left[0]} if left else gone)}
