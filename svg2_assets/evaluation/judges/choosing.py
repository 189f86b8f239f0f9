"""A judge by the name of its tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.evaluation.judges.asking import MOST_PAIRS, ModelJudgeSettings
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.embedding import Embedder, embedding_judge
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.kept import KeptJudgements
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Judge
from svg2_assets.evaluation.judges.model import ModelJudge
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.llm.calls import Gateway

Tier = Literal["exact", "normalised", "lexical", "embedding", "model"]
TIERS = get_args(Tier)


class JudgeChoice(BaseModel):
    """Which tier judges; what else there is says which model is asked, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tier: Tier = Field(default="lexical", description="Who judges")
    model: str = Field(default="gpt-4o-mini", min_length=1, description="Language model that tier `model` asks")
    embedder: str = Field(
        default="text-embedding-3-small", min_length=1, description="Model of the vectors of tier `embedding`"
    )
    synonym: float = Field(default=0.9, ge=-1, le=1, description="Cosine from which on tier `embedding` sees synonyms")
    overlap: float = Field(default=0.75, ge=-1, le=1, description="And from which on an overlap in meaning")
    options: dict[str, Any] = Field(
        default_factory=lambda: {"temperature": 0, "seed": 0}, description="Further fields of the request"
    )
    pairs_a_call: int = Field(default=40, ge=1, le=MOST_PAIRS, description="Pairs in one question")
    most_declined: float = Field(
        default=0.02, ge=0, le=1, description="Share of pairs that may go unjudged, as mismatches"
    )


def judge_of(
    choice: JudgeChoice,
    *,
    gateway: Callable[[], Gateway],
    path: Path,
    embedder: Callable[[str], Embedder] | None = None,
) -> Judge:
    """The judge. Tier `model` asks through `gateway` and keeps what it hears in the file at `path`; `embedding` takes
    the vectors of what `embedder` makes of a model's name. Raises `MissingEmbedder`."""
    if choice.tier == "model":
        settings = ModelJudgeSettings(choice.model, choice.options, choice.pairs_a_call, choice.most_declined)
        return Cached(ModelJudge(gateway(), settings), KeptJudgements(path), at_once=50 * choice.pairs_a_call)
    if choice.tier == "embedding":
        made = embedder(choice.embedder) if embedder is not None else None
        return Cached(embedding_judge(made, synonym=choice.synonym, overlap=choice.overlap), KeptJudgements(path))
    free: Mapping[str, Callable[[], Judge]] = {"exact": Exact, "normalised": Normalised, "lexical": Lexical}
    return free[choice.tier]()
