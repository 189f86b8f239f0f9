"""`svg2 label-record`: how often each name was claimed and supported, for the policy that decides on labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console

from svg2_assets.catalog.lookup import entries
from svg2_assets.commands.installation import Installation
from svg2_assets.commands.tables import show_json, table
from svg2_assets.labels.claims import KEY, claims_of
from svg2_assets.labels.policy import Policy, record_of
from svg2_assets.labels.record import CorpusRecord, write_record
from svg2_assets.recipes import recipe_of
from svg2_assets.scene.errors import Svg2Error

SHOWN = 40  # names in the table


class NoRecord(Svg2Error):
    """No record can be made, or it cannot be written where it was asked for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Options of the command: file to write, whether one that is there may be replaced, whose verdicts to count."""

    out: Path | None = None
    force: bool = False
    model: str = ""


def label_record(installation: Installation, console: Console, wanted: Wanted, *, as_json: bool) -> int:
    """Count, print and, where asked for, write the record; the exit code is 0. Raises `NoRecord`."""
    record = corpus_record(installation, model=wanted.model)
    if as_json:
        show_json(record.to_json())
    else:
        _print(console, record, _policy(installation, record))
    if wanted.out is not None:
        _write(wanted.out, record, force=wanted.force)
        if not as_json:
            said = f"Written to {wanted.out}. Named as the policy's `record`, it makes verified labels stale."
            console.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0


def corpus_record(installation: Installation, *, model: str = "") -> CorpusRecord:
    """The record of all videos that no newer version supersedes, by the verifier `model`, which may be left out where
    the store holds verdicts of one alone. Raises `NoRecord`."""
    columns = [*KEY, "stage", "name", "verdict", "model_id"]
    current = [v for v, entry in entries(installation.store).items() if entry.superseded_by is None]
    verified = installation.store.read("labels", columns=columns, where={"stage": "verified"})
    verified = verified.filter(pl.col("video_id").is_in(current))
    verifier = _verifier(verified["model_id"].unique().drop_nulls().sort().to_list(), model)
    verified = verified.filter(pl.col("model_id") == verifier)
    parsed = installation.store.read("labels", columns=[*KEY, "stage", "name"], where={"stage": "parsed"})
    return CorpusRecord(record_of(claims_of(parsed, verified)), verifier, verified["video_id"].n_unique())


def _verifier(found: Sequence[str], wanted: str) -> str:
    if not found:
        raise NoRecord("No label is verified yet. Annotate videos first: the record counts what was verified.")
    if wanted and wanted not in found:
        raise NoRecord(f"--model {wanted}: it verified nothing here; the store holds verdicts of {', '.join(found)}.")
    if not wanted and len(found) > 1:
        raise NoRecord(f"The store holds verdicts of {', '.join(found)}: choose one with --model, they do not add up.")
    return wanted or found[0]


def _policy(installation: Installation, record: CorpusRecord) -> Policy:
    """The policy as it is set, with this record; the usual one where the backend cannot be set up."""
    config = recipe_of("verified_labels", installation.backends).config
    given = config.get("rule", config).get("policy", {})
    return Policy(**{**given, "record": record.counts})


def _print(console: Console, record: CorpusRecord, policy: Policy) -> None:
    ranked = sorted(record.counts.items(), key=lambda item: (-item[1][0], item[0]))
    title = f"{len(ranked)} names in {record.videos} videos, verified by {record.verifier}"
    columns = ("name", "claimed", "supported", "share", "expected of a right name", "least score")
    rows = [
        (n, f"{seen:,}", f"{yes:,}", f"{yes / seen:.2f}", f"{policy.found_rate(n):.2f}", f"{policy.threshold(n):.2f}")
        for n, (seen, yes) in ranked[:SHOWN]
    ]
    console.print(table(title, columns, rows))
    if len(ranked) > SHOWN:
        console.print(f"and {len(ranked) - SHOWN} names that are rarer; --json prints all.", highlight=False)
    console.print(f"A name that is not in the record needs {policy.threshold(''):.2f}.", highlight=False)


def _write(path: Path, record: CorpusRecord, *, force: bool) -> None:
    # Replacing the file that settings name makes every verified video stale: that is not to happen by accident.
    if path.exists() and not force:
        raise NoRecord(f"--out {path}: it is there already. Give another name, or --force to replace it.")
    try:
        write_record(path, record)
    except OSError as error:
        raise NoRecord(f"--out {path}: it cannot be written: {error}.") from error
