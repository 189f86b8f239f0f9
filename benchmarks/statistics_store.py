"""A store as large as Synthetic Visual Genome 2, without masks, written in batches of bounded memory.

Names, predicates and attribute values follow Zipf's law over vocabularies of the release's size; objects, attributes
and relations a video are spread unevenly (negative binomial). Every hundredth video is superseded or does not decode,
and has rows all the same. Labels stand in both stages, as the phases leave them. Lists of frames and boxes are empty:
nothing here reads them. Rows are appended, since no key can be there twice.

The same size and seed give the same store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from resources.store.rows import arrow_rows
from resources.store.schemas import TABLES
from resources.store.tables import Tables
from svg2_assets.evaluation.judges import attributes, objects, predicates
from svg2_assets.scene.taxonomy import PREDICATE_CATEGORIES, AttributeType, Category, Verdict

BATCH = 8192
"""Videos written at once: some 85,000 objects."""
NAMES, PREDICATES, VALUES = 45_000, 6_000, 120_000
"""How many there are to draw from; the release has 45,700 names."""
CAMERA_SHARE, PARSED, VERIFIED = 0.06, "parsed", "verified"
TYPES = tuple(AttributeType)
CATEGORIES = tuple(Category)
VERDICTS = tuple(Verdict)
VERDICT_SHARES = (0.80, 0.08, 0.12)
STATUSES = ("ok", "failed", "superseded")
STATUS_SHARES = (0.99, 0.005, 0.005)
TIMES = 0.5  # seconds: spans begin and end on multiples

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each there are, about: means of what is drawn."""

    videos: int = 636_000
    objects: int = 6_600_000
    attributes: int = 52_000_000
    relations: int = 6_700_000

    def scaled(self, share: float) -> Size:
        """The same per video, for fewer videos."""
        return Size(*(max(1, round(n * share)) for n in (self.videos, self.objects, self.attributes, self.relations)))


class Words:
    """Vocabularies, the most frequent word first, and the shares with which they are drawn."""

    def __init__(self) -> None:
        nouns = ["person", "tree", "car", "table", "chair", *sorted(objects.lexicon().places)]
        said = sorted(attributes.lexicon().places)
        told = [*PREDICATE_CATEGORIES, *sorted(predicates.lexicon().places)]
        self.names = _combined(nouns, said, NAMES)
        self.values = _combined(said, nouns, VALUES)
        self.predicates = _combined(told, nouns, PREDICATES)
        plain = [PREDICATE_CATEGORIES.get(p, CATEGORIES[i % len(CATEGORIES)]) for i, p in enumerate(self.predicates)]
        self.categories = np.array([CATEGORIES.index(c) for c in plain])


def write_store(
    uri: str, size: Size, *, seed: int = 0, heard: Callable[[int, int], None] = lambda *_: None
) -> dict[str, int]:
    """Append a store of `size` to the tables at `uri`; returns rows by table. `heard` gets videos written and all."""
    tables, words, rng = Tables(uri), Words(), np.random.default_rng(seed)
    rows = dict.fromkeys(("videos", "trajectories", "labels", "relations"), 0)
    every = round(size.videos / STATUS_SHARES[0])
    for begin in range(0, every, BATCH):
        count = min(BATCH, every - begin)
        for name, data in batch_of(ids_of(begin, count, seed), size, words, rng):
            tables.created(name).add(arrow_rows(name, data, defaults=made()))
            rows[name] += data.num_rows
        heard(begin + count, every)
    return rows


def batch_of(ids: pa.Array, size: Size, words: Words, rng: np.random.Generator) -> Iterator[tuple[str, pa.Table]]:
    """Rows of these videos by table; those of `labels` come twice, the stage `verified` last."""
    frames, things = rng.integers(100, 900, len(ids)), _uneven(rng, size.objects / size.videos, len(ids))
    yield "videos", _videos(ids, frames, rng)
    owner, place = _spread(things)
    yield "trajectories", _trajectories(ids, things, frames, rng)
    yield from _labels(ids.take(pa.array(owner)), place, size.attributes / size.objects, words, rng)
    related = np.where(things > 1, _uneven(rng, size.relations / size.videos, len(ids)), 0)
    # What videos with a single thing lack, the others have more of.
    extra = rng.poisson(size.relations / size.videos * (things <= 1).mean() / max((things > 1).mean(), 0.01), len(ids))
    yield "relations", _relations(ids, np.where(things > 1, related + extra, 0), things, frames, words, rng)


def _videos(ids: pa.Array, frames: Ints, rng: np.random.Generator) -> pa.Table:
    status = rng.choice(len(STATUSES), len(ids), p=STATUS_SHARES)
    lost = status == STATUSES.index("failed")
    return pa.table(
        {
            "video_id": ids,
            "partition": pa.array([f"batch-{ids[0].as_py()}"] * len(ids)),
            "uri": pa.array([f"/videos/{v}.mp4" for v in ids.to_pylist()]),
            "width": pa.array(np.full(len(ids), 1280)),
            "height": pa.array(np.full(len(ids), 720)),
            "fps": pa.array(np.full(len(ids), 30.0)),
            "num_frames": pa.array(frames, mask=lost),
            "duration": pa.array(frames / 30.0, mask=lost),
            "status": pa.array(np.where(lost, "failed", "ok")),
            "superseded_by": pa.array(np.where(status == STATUSES.index("superseded"), "f" * 16, None), pa.string()),
        }
    )


def _trajectories(ids: pa.Array, things: Ints, frames: Ints, rng: np.random.Generator) -> pa.Table:
    """A row an object, and the row -1 of each video."""
    owner, place = _spread(things + 1)
    return pa.table(
        {
            "video_id": ids.take(pa.array(owner)),
            "object_id": pa.array(place - 1),
            "origin": _words(["seed", "discovered"], rng.integers(0, 2, len(owner))),
            "score": pa.array(rng.random(len(owner))),
            "num_frames": pa.array((rng.random(len(owner)) * frames[owner]).astype(np.int64) + 1),
        }
    )


def _labels(
    ids: pa.Array, place: Ints, attributes_each: float, words: Words, rng: np.random.Generator
) -> Iterator[tuple[str, pa.Table]]:
    """Both stages; a tenth of the names is another after verification, as the parser's are cruder."""
    count = len(ids)
    names, said = _zipf(rng, NAMES, count), _attributes(count, attributes_each, words, rng)
    common = {"video_id": ids, "object_id": pa.array(place), "confidence": pa.array(rng.random(count))}
    common["attributes"] = said
    parsed = np.where(rng.random(count) < 0.1, _zipf(rng, NAMES, count), names)
    yield "labels", pa.table(common | {"stage": _same(PARSED, count), "name": _words(words.names, parsed)})
    judged = {
        "stage": _same(VERIFIED, count),
        "name": _words(words.names, names),
        "verdict": _words([v.value for v in VERDICTS], rng.choice(len(VERDICTS), count, p=VERDICT_SHARES)),
        "score": pa.array(rng.random(count)),
    }
    yield "labels", pa.table(common | judged)


def _attributes(count: int, each: float, words: Words, rng: np.random.Generator) -> pa.Array:
    offsets = _offsets(rng.poisson(each, count))
    values = _zipf(rng, VALUES, int(offsets[-1]))
    fields = [
        _words(words.values, values),
        _words([t.value for t in TYPES], values % len(TYPES)),
        pa.array(rng.random(len(values)).round(2)),
    ]
    pairs = pa.StructArray.from_arrays(fields, fields=list(TABLES["labels"].field("attributes").type.value_type))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pairs)


def _relations(
    ids: pa.Array, counts: Ints, things: Ints, frames: Ints, words: Words, rng: np.random.Generator
) -> pa.Table:
    owner, place = _spread(counts)
    there, total = things[owner], len(owner)
    subject = (rng.random(total) * there).astype(np.int64)
    other = (subject + 1 + (rng.random(total) * (there - 1)).astype(np.int64)) % there  # never the subject
    predicate = _zipf(rng, PREDICATES, total)
    return pa.table(
        {
            "video_id": ids.take(pa.array(owner)),
            "relation_id": pa.array(place),
            "subject": pa.array(np.where(rng.random(total) < CAMERA_SHARE, -1, subject)),
            "predicate": _words(words.predicates, predicate),
            "object": pa.array(other),
            "category": _words([c.value for c in CATEGORIES], words.categories[predicate]),
            "spans": _spans(frames[owner] / 30.0, rng),
            "confidence": pa.array(rng.random(total).round(2)),
        }
    )


def _spans(lengths: npt.NDArray[np.float64], rng: np.random.Generator) -> pa.Array:
    """One to three stretches in each video of `lengths` seconds, one after the other."""
    offsets = _offsets(rng.choice([1, 2, 3], len(lengths), p=[0.8, 0.15, 0.05]))
    counts = np.diff(offsets)
    owner, place = _spread(counts)
    share = np.maximum(np.floor(lengths / counts / TIMES), 1)[owner] * TIMES
    start = place * share
    end = start + np.maximum(TIMES, np.floor(rng.random(len(owner)) * share / TIMES) * TIMES)
    pairs = pa.StructArray.from_arrays(
        [pa.array(start), pa.array(end)], fields=list(TABLES["relations"].field("spans").type.value_type)
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pairs)


def _combined(first: Sequence[str], second: Sequence[str], count: int) -> list[str]:
    """`first`, then pairs of a word of `second` and one of `first`, `count` different ones in all."""
    made = list(dict.fromkeys(first))[:count]
    known = set(made)
    for word in second:
        for noun in made[: len(first)]:
            if len(made) == count:
                return made
            if f"{word} {noun}" not in known:
                known.add(f"{word} {noun}")
                made.append(f"{word} {noun}")
    return made


def _zipf(rng: np.random.Generator, words: int, count: int) -> Ints:
    """Ranks from 0, each drawn in proportion to 1 / (rank + 1), by the inverse of the harmonic sum's logarithm."""
    return np.minimum(np.expm1(rng.random(count) * np.log1p(words)).astype(np.int64), words - 1)


def _uneven(rng: np.random.Generator, mean: float, count: int) -> Ints:
    shape = 1.5
    return rng.negative_binomial(shape, shape / (shape + mean), count)


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """For as many things as `counts` say: whose each is, and its number among the owner's."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - np.repeat(_offsets(counts)[:-1], counts)


def _offsets(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)])


def _words(vocabulary: Sequence[str], places: Ints) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(vocabulary)).cast(pa.string())


def _same(word: str, count: int) -> pa.Array:
    return _words([word], np.zeros(count, dtype=np.int64))


def ids_of(begin: int, count: int, seed: int) -> pa.Array:
    """Ids of videos, hashes as the phases have them."""
    digests = (hashlib.sha256(f"{seed}:{i}".encode()).hexdigest()[:16] for i in range(begin, begin + count))
    return pa.array(list(digests))


def made() -> dict[str, Any]:
    """Provenance of every row."""
    return {
        "input_version": "0123456789abcdef",
        "code_version": "1",
        "config_hash": "fedcba9876543210",
        "model_id": "generated",
        "prompt_version": "1",
        "run_id": "benchmark",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
