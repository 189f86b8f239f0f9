"""The one order in which training sees its samples, whoever reads them: a function of seed, epoch and position."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.scene.masks import FloatArray, IntArray
from svg2_assets.traser.samples.splits import Split
from svg2_assets.traser.text import Task

NATURAL = "natural"
"""Of the tasks: the one that tells all that a sample has."""

_PASS, _BALANCED, _MIX, _INSTEAD = range(4)  # what a random number is for


class StreamError(Svg2Error):
    """Samples cannot be streamed: names the data, what was expected and what to do."""


class StreamSettings(BaseModel):
    """What is streamed, in which order, and how much may be missing.

    `datasets` and `tasks` are names, each with the percentage of it that an epoch takes where that is not all:
    `("sav", "pvd%30")`; the next epoch goes on where the last one ended, and over 100 repeats. No dataset stands for
    all. `natural` is the task that tells most of a sample. `balance`: 0 takes each sample equally often, 1 in
    proportion to how rare the categories of its relations are (weakness G11). `renumber`: each time a sample comes,
    its objects stand in a new order, so that their numbers say nothing of what they are. Without `shuffle` samples
    come by id, each once. `block` rows (at most `block_bytes`) are read at once. More than `most_skipped` of the
    samples unusable is an error; `instead` puts another sample in the place of each, so that batches stay full.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    split: Split = Split.TRAIN
    datasets: tuple[str, ...] = ()
    tasks: tuple[str, ...] = (NATURAL,)
    seed: int = Field(default=42, ge=0)
    shuffle: bool = True
    balance: float = Field(default=0.0, ge=0, le=1)
    renumber: bool = False
    block: int = Field(default=16, ge=1)
    block_bytes: int = Field(default=64 << 20, ge=1)
    most_skipped: float = Field(default=0.01, ge=0, le=1)
    instead: bool = True

    @field_validator("datasets", "tasks")
    @classmethod
    def _shares(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        names = [share_of(text)[0] for text in given]
        if len(set(names)) < len(names):
            raise ValueError(f"each name once, not {', '.join(given)}")
        return given

    @field_validator("tasks")
    @classmethod
    def _known_tasks(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        unknown = {share_of(text)[0] for text in given} - {NATURAL, *Task}
        if unknown or not given:
            known = ", ".join([NATURAL, *Task])
            raise ValueError(f"tasks are {known}, not {', '.join(sorted(unknown)) or 'none'}")
        return given


def share_of(text: str) -> tuple[str, float]:
    """Name and share of `name%pct`; the share of a name alone is 1. Raises `ValueError`."""
    name, percent, figure = text.partition("%")
    if not percent:
        return name, 1.0
    try:
        share = float(figure) / 100
    except ValueError:
        share = -1.0
    if not name or not 0 < share < 1e6:
        raise ValueError(f"{text!r}: expected a name or name%percentage, such as pvd%30")
    return name, share


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to read: the row at `address` (`size` bytes of masks and pictures), asked for `task`."""

    address: int
    task: str
    size: int


@dataclass(frozen=True, slots=True)
class State:
    """Where a stream is: `position` of `epoch` is what comes next. `fingerprint` says of which data and settings."""

    epoch: int = 0
    position: int = 0
    fingerprint: str = ""

    def to_json(self) -> dict[str, Any]:
        """Small JSON, for a checkpoint."""
        return {"epoch": self.epoch, "position": self.position, "fingerprint": self.fingerprint}

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> State:
        """What `to_json` gave."""
        return cls(int(value["epoch"]), int(value["position"]), str(value["fingerprint"]))


@dataclass(frozen=True, slots=True, eq=False)
class _Strand:
    """Items of one dataset asked one task: their numbers, how many an epoch takes, their weights (None: alike)."""

    name: int
    items: IntArray
    taken: int
    weights: FloatArray | None


@dataclass(frozen=True, eq=False)
class Order:
    """The order of all epochs. `len` is the number of samples of one; build it with `order_of`."""

    settings: StreamSettings
    addresses: npt.NDArray[np.uint64]
    sizes: IntArray
    rows: npt.NDArray[np.int32]
    tasks: npt.NDArray[np.int8]
    strands: tuple[_Strand, ...]
    fingerprint: str
    _known: dict[int, IntArray] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return sum(s.taken for s in self.strands)

    def at(self, position: int) -> Item:
        """The item at `position`, counted through all epochs."""
        epoch, place = divmod(position, len(self))
        return self._item(int(self.epoch(epoch)[place]))

    def instead(self, position: int, attempt: int) -> Item:
        """What stands in when the item at `position` is unusable, and when what stood in is as well."""
        epoch = self.epoch(position // len(self))
        return self._item(int(epoch[int(_random(self.settings.seed, _INSTEAD, position, attempt).integers(len(self)))]))

    def epoch(self, number: int) -> IntArray:
        """The numbers of the items of an epoch in their order."""
        if number not in self._known:
            while len(self._known) > 1:  # readers look ahead into the next one
                del self._known[min(self._known)]
            self._known[number] = self._drawn(number)
        return self._known[number]

    def state(self, position: int) -> State:
        """`position`, counted through all epochs, as a state."""
        epoch, place = divmod(position, len(self))
        return State(epoch, place, self.fingerprint)

    def position(self, state: State) -> int:
        """Of a state, counted through all epochs. Raises `StreamError` for one of other data or settings."""
        if state.fingerprint and state.fingerprint != self.fingerprint:
            found = f"the state is of {state.fingerprint}, the samples and settings give {self.fingerprint}"
            raise StreamError(f"cannot resume in the middle of other data: {found}. Read the tag it was saved with.")
        return state.epoch * len(self) + state.position

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_known": {}}

    def _item(self, number: int) -> Item:
        row = int(self.rows[number])
        return Item(int(self.addresses[row]), _TASKS[self.tasks[number]], int(self.sizes[row]))

    def _drawn(self, number: int) -> IntArray:
        if not self.settings.shuffle:
            return np.sort(np.concatenate([s.items for s in self.strands]))
        seed = self.settings.seed
        drawn = np.concatenate([_drawn(s, number, seed) for s in self.strands])
        return np.asarray(_random(seed, _MIX, number).permutation(drawn))


_TASKS = (*(task.value for task in Task), NATURAL)


def order_of(index: pl.DataFrame, settings: StreamSettings) -> Order:
    """The order over the rows of `index`: `rows.INDEX_COLUMNS` and `address`.

    It follows from ids and settings, not from where rows lie. Raises `StreamError` where there is nothing to read.
    """
    shares = dict(share_of(text) for text in settings.datasets)
    there = sorted(index["dataset"].unique().to_list())
    missing = sorted(set(shares) - set(there))
    if missing:
        raise StreamError(f"no dataset {', '.join(missing)} among the samples; there are {', '.join(there) or 'none'}")
    chosen = index.filter(pl.col("split") == settings.split.value).sort("video_id", "sample_id")
    if shares:
        chosen = chosen.filter(pl.col("dataset").is_in(list(shares)))
    items = _items(chosen, settings)
    strands = tuple(_strands(chosen, items, shares=shares, settings=settings))
    if not strands:
        what = f"split {settings.split.value}, tasks {', '.join(settings.tasks)}"
        raise StreamError(f"no sample of {what} among {index.height}. Build samples first: `svg2 traser samples`.")
    return Order(
        settings=settings,
        addresses=chosen["address"].cast(pl.UInt64).to_numpy(),
        sizes=chosen["size_bytes"].fill_null(0).cast(pl.Int64).to_numpy(),
        rows=items["row"].cast(pl.Int32).to_numpy(),
        tasks=items["code"].cast(pl.Int8).to_numpy(),
        strands=strands,
        fingerprint=_fingerprint(chosen, settings),
    )


def _items(chosen: pl.DataFrame, settings: StreamSettings) -> pl.DataFrame:
    """One row for each sample and each task that is asked of it: `row`, `dataset`, `code` of the task."""
    numbered = chosen.with_row_index("row").select("row", "dataset", "tasks")
    parts = []
    for name, _ in map(share_of, settings.tasks):
        code = pl.lit(_TASKS.index(name), dtype=pl.Int8).alias("code")
        able = numbered if name == NATURAL else numbered.filter(pl.col("tasks").list.contains(name))
        parts.append(able.select("row", "dataset", code))
    return pl.concat(parts).sort("row", "code").with_row_index("item")


def _strands(
    chosen: pl.DataFrame, items: pl.DataFrame, *, shares: dict[str, float], settings: StreamSettings
) -> list[_Strand]:
    rarity = _rarity(chosen) if settings.balance else None
    tasks = {_TASKS.index(name): share for name, share in map(share_of, settings.tasks)}
    found = []
    for (dataset, code), members in sorted(items.group_by("dataset", "code"), key=lambda g: (str(g[0][0]), g[0][1])):
        numbers = np.sort(members["item"].to_numpy().astype(np.int64))
        share = shares.get(str(dataset), 1.0) * tasks[int(str(code))]
        weights = None
        if rarity is not None:
            rows = items["row"].to_numpy()[numbers]
            weights = rarity[rows] ** settings.balance
        taken = max(1, round(share * len(numbers))) if settings.shuffle else len(numbers)
        name = zlib.crc32(f"{dataset}/{code}".encode())
        found.append(_Strand(name, numbers, taken, weights))
    return found


def _rarity(chosen: pl.DataFrame) -> FloatArray:
    """[rows] how rare the categories of a row's relations are: mean of 1 / frequency over them, 1 without any.

    Rows without categories are as frequent as the mean of the others.
    """
    pairs = chosen.with_row_index("row").select("row", "categories", "category_counts")
    exploded = pairs.explode("categories", "category_counts", empty_as_null=True).drop_nulls()
    rarity = np.ones(chosen.height)
    if exploded.height == 0:
        return rarity
    totals = exploded.group_by("categories").agg(pl.col("category_counts").sum().alias("total"))
    scored = exploded.join(totals, on="categories").with_columns(
        (pl.col("category_counts") / pl.col("total")).alias("part")
    )
    rows = scored.group_by("row").agg(pl.col("part").sum() / pl.col("category_counts").sum())
    found = rows["part"].to_numpy()
    rarity[rows["row"].to_numpy()] = found / found.mean()
    return rarity


def _drawn(strand: _Strand, epoch: int, seed: int) -> IntArray:
    """What an epoch takes of a strand."""
    if strand.weights is not None:
        return _systematic(strand, _random(seed, _BALANCED, strand.name, epoch))
    first, size = epoch * strand.taken, len(strand.items)
    last = first + strand.taken
    passes = [_pass(strand, p, seed) for p in range(first // size, (last - 1) // size + 1)]
    endless = np.concatenate(passes)
    begin = first - first // size * size
    return np.asarray(strand.items[endless[begin : begin + strand.taken]])


def _pass(strand: _Strand, number: int, seed: int) -> IntArray:
    return _random(seed, _PASS, strand.name, number).permutation(len(strand.items))


def _systematic(strand: _Strand, random: np.random.Generator) -> IntArray:
    """Draws in proportion to weight that miss their expected numbers by less than one each."""
    assert strand.weights is not None  # noqa: S101 (narrows the type)
    shuffled = random.permutation(len(strand.items))
    share = np.cumsum(strand.weights[shuffled]) / strand.weights.sum()
    ticks = (np.arange(strand.taken) + random.random()) / strand.taken
    return np.asarray(strand.items[shuffled[np.minimum(np.searchsorted(share, ticks), len(shuffled) - 1)]])


def _random(*entropy: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))


def _fingerprint(chosen: pl.DataFrame, settings: StreamSettings) -> str:
    """Changes with the samples, their tasks and whatever decides their order."""
    deciding = {"split", "datasets", "tasks", "seed", "shuffle", "balance", "renumber"}
    decisive = settings.model_dump(mode="json", include=deciding)
    found = hashlib.blake2b(json.dumps(decisive, sort_keys=True).encode(), digest_size=8)
    for column in ("video_id", "sample_id", "dataset"):
        found.update("\n".join(chosen[column].to_list()).encode())
    found.update(chosen["tasks"].list.join(",").str.join("\n").item().encode())
    return found.hexdigest()
