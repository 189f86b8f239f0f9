"""What a language model is asked about pairs of labels, and what its answer says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from svg2_assets.evaluation.judges.likeness import Likeness, Pair
from svg2_assets.labels.quoting import plain
from svg2_assets.llm.calls import Call
from svg2_assets.llm.prompts import Prompt, prompt
from svg2_assets.llm.schemas import strict_record
from svg2_assets.scene.errors import InvalidSceneValue

PACKAGE, PHASE, PURPOSE, SCHEMA_NAME = "svg2_assets.evaluation.judges", "evaluation", "judge", "judgements"
LABEL_CHARACTERS = 200
PAIR_TOKENS = 14
"""Tokens of one judgement in an answer."""
MOST_PAIRS = 500
"""In one call; strict schemas hold at most 1,000 values of enums."""


@dataclass(frozen=True, slots=True)
class ModelJudgeSettings:
    """Who is asked, and how many pairs at once.

    `options`: further fields of the request; models that reason refuse `temperature`, give them `{}`. `most_declined`:
    the share of the pairs up to which those that the model will not judge count as mismatches.
    """

    model: str = "gpt-4o-mini"
    options: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0, "seed": 0})
    pairs_a_call: int = 40
    most_declined: float = 0.02

    def __post_init__(self) -> None:
        if not 1 <= self.pairs_a_call <= MOST_PAIRS:
            raise InvalidSceneValue(f"pairs_a_call: expected 1 to {MOST_PAIRS}, not {self.pairs_a_call}")
        if not 0 <= self.most_declined <= 1:
            raise InvalidSceneValue(f"most_declined: expected a share from 0 to 1, not {self.most_declined}")


def the_prompt() -> Prompt:
    """What the model is told."""
    return prompt(PACKAGE, "judge")


def batches(pairs: Sequence[Pair], most: int) -> Iterator[tuple[Pair, ...]]:
    """`pairs` in calls of at most `most`, about equally many in each."""
    calls = -(-len(pairs) // most)
    for i in range(calls):
        yield tuple(pairs[i * len(pairs) // calls : (i + 1) * len(pairs) // calls])


def call_for(pairs: Sequence[Pair], settings: ModelJudgeSettings) -> Call:
    """One question about `pairs`. As JSON strings, labels cannot end their own quotation."""
    told = the_prompt()
    document = {
        "pairs": [
            {
                "pair": number,
                "kind": p.kind.value,
                "reference": plain(p.reference, limit=LABEL_CHARACTERS),
                "prediction": plain(p.prediction, limit=LABEL_CHARACTERS),
            }
            for number, p in enumerate(pairs, 1)
        ]
    }
    return Call(
        purpose=PURPOSE,
        video_id="",
        phase=PHASE,
        model=settings.model,
        messages=(
            {"role": "system", "content": told.text},
            {"role": "user", "content": json.dumps(document, ensure_ascii=False)},
        ),
        prompt_version=told.version,
        schema=schema_of(len(pairs)),
        schema_name=SCHEMA_NAME,
        max_output_tokens=256 + 4 * PAIR_TOKENS * len(pairs),
        answer_tokens=8 + PAIR_TOKENS * len(pairs),
        options=settings.options,
    )


def schema_of(pairs: int) -> Mapping[str, Any]:
    """The strict JSON schema of judgements about the pairs 1 to `pairs`."""
    judgement = strict_record(
        {
            "pair": {"type": "integer", "enum": list(range(1, pairs + 1))},
            "class": {"type": "string", "enum": [likeness.value for likeness in Likeness]},
        }
    )
    return strict_record({"judgements": {"type": "array", "items": judgement}})


def read(value: Any, pairs: Sequence[Pair]) -> dict[Pair, Likeness]:
    """The judgements of an answer; what is no number of a pair, no class, or contradicts itself is left out."""
    entries = value.get("judgements") if isinstance(value, Mapping) else None
    said: dict[int, set[Likeness]] = {}
    for entry in entries if isinstance(entries, list) else []:
        number, likeness = (entry.get("pair"), entry.get("class")) if isinstance(entry, Mapping) else (None, None)
        if isinstance(number, int) and 1 <= number <= len(pairs) and likeness in set(Likeness):
            said.setdefault(number, set()).add(Likeness(likeness))
    return {pairs[number - 1]: classes.pop() for number, classes in said.items() if len(classes) == 1}
