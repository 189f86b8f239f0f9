"""How long an answer will be before anything is known of its model: what it says by what is asked, and its reasoning.

First guesses, for estimates alone; what was paid until now corrects them (`resources/llm/calibration.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from svg2_assets.llm.calls import Call

SHARE_OF_LIMIT = 0.25
"""Of its limit that an answer is assumed to take where nobody can say what is asked."""

EFFORTS: Mapping[str, int] = MappingProxyType(
    {"none": 0, "minimal": 0, "low": 400, "medium": 1000, "high": 3000, "xhigh": 6000}
)
"""Tokens of reasoning by `reasoning_effort`.

Assumed, no real model was measured: OpenAI's guide "Reasoning models" speaks of a few hundred to tens of thousands, by
how difficult the question is.
"""

_REASONING = (("gpt-5.", "none"), ("gpt-5", "medium"), ("o1", "medium"), ("o3", "medium"), ("o4", "medium"))
"""Beginning of a model's name -> its effort where none is given; other models do not reason."""


@dataclass(frozen=True, slots=True)
class AnswerSize:
    """Tokens of an answer: what it says, and the reasoning before it."""

    said: float
    reasoning: float


def answer_size(call: Call) -> AnswerSize:
    """What `call` is guessed to be answered with; at least one token, no more in all than the call allows."""
    said = float(call.answer_tokens or SHARE_OF_LIMIT * call.max_output_tokens)
    said = min(max(1.0, said), float(max(1, call.max_output_tokens)))
    return AnswerSize(said, min(_reasoning(call), call.max_output_tokens - said))


def _reasoning(call: Call) -> float:
    usual = next((effort for name, effort in _REASONING if call.model.startswith(name)), None)
    if usual is None:
        return 0.0
    effort = str(call.options.get("reasoning_effort") or usual)
    return float(EFFORTS.get(effort, EFFORTS["medium"]))
