"""A judge by the name of its tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.evaluation.judges.asking import MOST_PAIRS, ModelJudgeSettings
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.kept import KeptJudgements
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Judge
from svg2_assets.evaluation.judges.model import ModelJudge
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.llm.calls import Gateway


class JudgeChoice(BaseModel):
    """Which tier judges; all but `tier` is for `model`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tier: Literal["exact", "normalised", "lexical", "model"] = Field(default="lexical", description="Who judges")
    model: str = Field(default="gpt-4o-mini", min_length=1, description="Language model that is asked")
    options: dict[str, Any] = Field(
        default_factory=lambda: {"temperature": 0, "seed": 0}, description="Further fields of the request"
    )
    pairs_a_call: int = Field(default=40, ge=1, le=MOST_PAIRS, description="Pairs in one question")
    most_declined: float = Field(
        default=0.02, ge=0, le=1, description="Share of pairs that may go unjudged, as mismatches"
    )


def judge_of(choice: JudgeChoice, *, gateway: Callable[[], Gateway], path: Path) -> Judge:
    """The judge. Tier `model` asks through `gateway` and keeps what it hears in the file at `path`."""
    if choice.tier == "model":
        settings = ModelJudgeSettings(choice.model, choice.options, choice.pairs_a_call, choice.most_declined)
        return Cached(ModelJudge(gateway(), settings), KeptJudgements(path), at_once=50 * choice.pairs_a_call)
    free: Mapping[str, Callable[[], Judge]] = {"exact": Exact, "normalised": Normalised, "lexical": Lexical}
    return free[choice.tier]()
