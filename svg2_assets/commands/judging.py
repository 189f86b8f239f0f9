"""Judges that commands are told to use, and what asking them will cost before they are asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from svg2_assets.commands.costs import ledger
from svg2_assets.commands.installation import Installation
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.choosing import JudgeChoice, judge_of
from svg2_assets.evaluation.judges.kept import FILE
from svg2_assets.evaluation.judges.likeness import Judge, Pair
from svg2_assets.evaluation.judges.model import ModelJudge
from svg2_assets.llm.calls import Call


def open_judge(installation: Installation, choice: JudgeChoice) -> Judge:
    """The judge that is chosen; what it hears from a model is kept in the installation's home."""
    path = installation.settings.home.absolute() / "llm" / FILE
    return judge_of(choice, gateway=_gateway, embedder=_embedder, path=path)


def told_ahead(installation: Installation, judge: Cached, pairs: Sequence[Pair]) -> str:
    """How many pairs there are, and what asking about those that are new will cost, as far as that is known."""
    new, inner = judge.unknown(pairs), judge.judge_itself
    if not isinstance(inner, ModelJudge):
        return f"{len(pairs)} pairs of labels, {len(new)} of them new"
    calls = inner.planned_calls(new)
    estimated = estimate_line(installation, calls)
    return f"{len(pairs)} pairs of labels; {len(calls)} calls are left to ask a judge: {estimated}"


def estimate_line(installation: Installation, calls: Sequence[Call], *, times: float = 1.0, **overrides: Any) -> str:
    """What `calls` will take, `times` as many: tokens, and dollars with their range."""
    from resources.llm.estimate import estimate_calls
    from resources.llm.settings import gateway_settings

    settings = gateway_settings(installation.settings, **overrides)
    phases = sorted({call.phase for call in calls})
    found = estimate_calls(calls, settings, ledger=ledger(installation, phases=phases) if phases else [])
    tokens = [round(times * sum(getattr(e, n) for e in found)) for n in ("tokens_in", "tokens_out")]
    middle, low, high = (times * sum(getattr(e, n) for e in found) for n in ("money", "low", "high"))
    priced = all(settings.price(e.model) is not None for e in found)
    dollars = f"${middle:.4f} ({low:.4f} – {high:.4f})" if priced else "price of the model unknown"
    return f"{tokens[0]:,} tokens in, {tokens[1]:,} out, {dollars}"


def declined(judge: Judge) -> int:
    """Pairs that a model did not judge."""
    inner = judge.judge_itself if isinstance(judge, Cached) else judge
    return len(inner.declined) if isinstance(inner, ModelJudge) else 0


def _gateway() -> Any:
    from resources.llm.shared import shared_gateway

    return shared_gateway()


def _embedder(model: str) -> Any:
    from resources.llm.embedding import OpenAiEmbedder
    from resources.llm.settings import gateway_settings
    from svg2_assets.settings import from_environment

    return OpenAiEmbedder.of(gateway_settings(from_environment()), model)
