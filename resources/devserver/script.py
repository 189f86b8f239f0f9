"""Scripted answers and faults: which request gets what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from resources.devserver.errors import ApiError

FaultKind = Literal[
    "rate_limited",
    "server_error",
    "unavailable",
    "stall",
    "reset",
    "reset_mid_body",
    "truncated_body",
    "slow",
    "length",
    "refusal",
    "wrong_ids",
    "violates_schema",
]
UNANSWERED = frozenset({"rate_limited", "server_error", "unavailable", "reset"})
"""no answer is produced under these, and so nothing is paid, unless the fault says `paid`"""
DAMAGED = frozenset({"reset", "reset_mid_body", "truncated_body", "slow"})
"""these happen to the answer on its way"""
STATUS = {"rate_limited": 429, "server_error": 500, "unavailable": 503}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(_Strict):
    """What goes wrong. `seconds`: of a stall, or over which a slow answer is spread. `retry_after`: seconds, sent as a
    header. `paid`: whether the answer was produced and counts; None takes what the service would do."""

    kind: FaultKind
    retry_after: float | None = None
    seconds: float = Field(default=1.0, ge=0, le=3600)
    paid: bool | None = None

    @property
    def counts(self) -> bool:
        """Whether the request is paid."""
        return self.kind not in UNANSWERED if self.paid is None else self.paid


class Scripted(_Strict):
    """An answer: `text`, or `value` (written as JSON), or a `refusal`. `cut`: it ends with finish_reason length."""

    text: str | None = None
    value: Any = None
    refusal: str | None = None
    cut: bool = False
    reasoning_tokens: int | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules look at. `endpoint`: path, with `batch ` before it in a batch. `text`: of all messages, a line each.
    `schema`: its name. `sha256`: of the body."""

    endpoint: str
    model: str
    text: str
    sha256: str
    schema: str = ""


class Rule(_Strict):
    """Applies to requests that match every expression given (searched, not anchored) and, counted over those, are the
    `nth` ones (from 1), at most `times` times."""

    endpoint: str = ""
    model: str = ""
    text: str = ""
    schema_name: str = Field(default="", alias="schema")
    nth: tuple[int, ...] = ()
    times: int | None = None
    answer: Scripted | None = None
    fault: Fault | None = None

    @field_validator("endpoint", "model", "text", "schema_name")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    def matches(self, asked: Asked) -> bool:
        """Whether all expressions are found."""
        pairs = (
            (self.endpoint, asked.endpoint),
            (self.model, asked.model),
            (self.schema_name, asked.schema),
            (self.text, asked.text),
        )
        return all(not wanted or re.search(wanted, found, re.DOTALL) for wanted, found in pairs)


class RandomFaults(_Strict):
    """Every request fails with `probability`; which way is drawn from `faults`. The draw depends on the seed, the
    request and how often it came, never on the order in which requests arrive."""

    probability: float = Field(ge=0, le=1)
    seed: int = 0
    faults: tuple[Fault, ...] = Field(min_length=1)


@dataclass(slots=True)
class Plan:
    """What one request gets; None means the ordinary."""

    answer: Scripted | None = None
    fault: Fault | None = None


@dataclass(slots=True)
class _Counted:
    rule: Rule
    matched: int = 0
    used: int = 0


@dataclass(slots=True)
class Script:
    """The rules in force; of several that apply the first counts, separately for answers and for faults."""

    _rules: list[_Counted] = field(default_factory=list)
    _random: RandomFaults | None = None
    _seen: dict[str, int] = field(default_factory=dict)

    def replace(self, rules: Sequence[Rule]) -> None:
        """Put `rules` in the place of those before; counts start again."""
        self._rules = [_Counted(r) for r in rules]

    def add(self, rules: Sequence[Rule]) -> None:
        """Put `rules` behind those before."""
        self._rules.extend(_Counted(r) for r in rules)

    def set_random(self, faults: RandomFaults | None) -> None:
        """Random faults from now on, or none."""
        self._random = faults
        self._seen.clear()

    def plan(self, asked: Asked) -> Plan:
        """What this request gets; counts it."""
        plan = Plan(fault=self._draw(asked.sha256))
        scripted = False
        for counted in self._rules:
            rule = counted.rule
            if not rule.matches(asked):
                continue
            counted.matched += 1
            if (rule.nth and counted.matched not in rule.nth) or counted.used == rule.times:
                continue
            if (rule.answer and plan.answer) or (rule.fault and scripted):
                continue
            counted.used += 1
            plan.answer = rule.answer or plan.answer
            if rule.fault:
                plan.fault, scripted = rule.fault, True
        return plan

    def _draw(self, body_sha: str) -> Fault | None:
        if self._random is None:
            return None
        attempt = self._seen[body_sha] = self._seen.get(body_sha, 0) + 1
        seed = sha256(f"{self._random.seed} {body_sha} {attempt}".encode()).digest()
        random = Random(seed)  # noqa: S311 - not for secrets
        if random.random() >= self._random.probability:
            return None
        return random.choice(self._random.faults)


def read_rules(body: Mapping[str, Any]) -> list[Rule]:
    """The rules in `{"rules": [...]}`; raises `ApiError` (400)."""
    try:
        return [Rule.model_validate(r) for r in body.get("rules", ())]
    except (ValidationError, TypeError) as error:
        raise ApiError(f"Not a script: {error}", param="rules") from None


def read_faults(body: Mapping[str, Any]) -> RandomFaults | None:
    """Random faults from a request's body, None where the probability is 0; raises `ApiError` (400)."""
    if not body.get("probability"):
        return None
    try:
        return RandomFaults.model_validate(body)
    except ValidationError as error:
        raise ApiError(f"Not a set of faults: {error}") from None
