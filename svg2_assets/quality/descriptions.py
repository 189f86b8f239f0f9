"""Check of the descriptions: every trajectory is described, nothing else is."""

from __future__ import annotations

import polars as pl

from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import Outcome, Problem, Severity, check

KEY = ("video_id", "object_id")


@check("described", phase="descriptions")
def described(tables: PhaseTables) -> Outcome:
    """Every trajectory has one description with text (warn when empty), and every description a trajectory."""
    objects, said = tables.trajectories.select(KEY), tables.descriptions
    lost = objects.join(said, on=KEY, how="anti").iter_rows()
    stray = said.join(objects, on=KEY, how="anti").select(KEY).iter_rows()
    silent = said.filter(pl.col("text").fill_null("").str.strip_chars() == "").select(KEY).iter_rows()
    problems = [
        *(Problem(v, f"object {o} has no description", {"object_id": o}) for v, o in lost),
        *(Problem(v, f"a description of object {o}, which has no trajectory", {"object_id": o}) for v, o in stray),
        *(Problem(v, f"the text for object {o} is empty", {"object_id": o}, Severity.WARN) for v, o in silent),
    ]
    return Outcome(problems)


CHECKS = (described,)
