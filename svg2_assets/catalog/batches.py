"""Which partition a new video belongs to. A batch never changes once it is made."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from svg2_assets.scene.errors import Svg2Error

DEFAULT_BATCH_SIZE = 64
_NUMBER_DIGITS = 6
_LONGEST_SLUG = 40


class InvalidCorpusName(Svg2Error, ValueError):
    """A corpus name from which no partition key can be made."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Videos that are worked on under one partition key."""

    key: str
    video_ids: tuple[str, ...]


def single(video_id: str) -> Batch:
    """The batch of one dropped video: its key is the video id."""
    return Batch(video_id, (video_id,))


def corpus_batches(
    corpus: str, video_ids: Iterable[str], *, existing_keys: Collection[str] = (), size: int = DEFAULT_BATCH_SIZE
) -> list[Batch]:
    """Batches of at most `size` new videos under keys `<slug>-000000`, numbered after the last of `existing_keys`.

    Order is kept, a repeated id is taken once. An existing batch, full or not, is left as it is: what was
    materialized under its key stays true. Raises `InvalidCorpusName`, `ValueError`.
    """
    if size < 1:
        raise ValueError(f"a batch holds at least one video, not {size}")
    slug = corpus_slug(corpus)
    unique = list(dict.fromkeys(video_ids))
    first = _next_number(slug, existing_keys)
    chunks = (unique[start : start + size] for start in range(0, len(unique), size))
    return [Batch(f"{slug}-{number:0{_NUMBER_DIGITS}d}", tuple(chunk)) for number, chunk in enumerate(chunks, first)]


def corpus_slug(corpus: str) -> str:
    """Lower-case letters, digits and dashes of `corpus`. Raises `InvalidCorpusName` where nothing is left."""
    plain = unicodedata.normalize("NFKD", corpus).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-")
    if not slug:
        raise InvalidCorpusName(f"corpus name {corpus!r} holds no letter or digit of ASCII; give it another name")
    return slug


def chunked_keys(keys: Sequence[str], *, size: int = 10_000) -> list[Sequence[str]]:
    """`keys` in pieces that Dagster adds in one call without trouble."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _next_number(slug: str, existing_keys: Collection[str]) -> int:
    pattern = re.compile(rf"{re.escape(slug)}-(\d{{{_NUMBER_DIGITS},}})")
    numbers = [int(match[1]) for key in existing_keys if (match := pattern.fullmatch(key))]
    return max(numbers, default=-1) + 1
