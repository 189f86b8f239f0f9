"""What was claimed in a corpus and what a verifier said of it, from the rows of both stages."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import polars as pl

from svg2_assets.labels.concept_tracks import prompt_of
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict

KEY = ("video_id", "object_id")


def claims_of(parsed: pl.DataFrame, verified: pl.DataFrame) -> Iterator[tuple[str, Verdict]]:
    """(name as it was parsed, verdict on that name) of every object in both tables, in no order.

    `parsed` has the columns of `KEY` and `name`, `verified` also `verdict`. A row that fell back to a coarser name has
    the verdict on that one: the claim itself was not supported. `object` claims nothing.
    """
    both = parsed.select(*KEY, claimed="name").join(verified.select(*KEY, "name", "verdict"), on=KEY)
    for claimed, name, verdict, count in both.group_by("claimed", "name", "verdict").len().iter_rows():
        if claim := prompt_of(claimed):
            fell = name not in (claimed, UNKNOWN_NAME)
            yield from repeat((claim, Verdict.UNVERIFIED if fell else Verdict(verdict)), count)
