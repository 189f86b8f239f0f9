"""Settings of a parser that asks a language model.

| | `default` | `paper` | `release` |
| --- | --- | --- | --- |
| model | gpt-4.1-nano | gpt-4.1-nano | gpt-5-mini |
| calls | one for many objects | one an object | one an object |
| attributes | typed | a list of words | a list of words |
| uncertainty | a field | `(uncertain)` in the name | `(uncertain)` in the name |
| pictures, validator, second question | yes | no | no |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULT, PAPER, RELEASE = "default", "paper", "release"
_MODELS = {DEFAULT: "gpt-4.1-nano", PAPER: "gpt-4.1-nano", RELEASE: "gpt-5-mini"}
PRESETS = tuple(_MODELS)
NEVER, AGAIN, DOUBTFUL = "never", "again", "doubtful"
PICTURES = (NEVER, AGAIN, DOUBTFUL)


@dataclass(frozen=True, slots=True)
class ParserSettings:
    """What is asked, of which model, and within which bounds; the defaults cost one call a video of 40 objects.

    `model`: empty for the preset's. `temperature`: None leaves it to the model, as reasoning models demand.
    `objects_per_call`, `tokens_per_call`: a call holds at most so many objects and estimated input tokens.
    `answer_tokens`: allowed in an answer for each object, up to `most_answer_tokens` in all; `upstream_answer_tokens`:
    in the answer of a preset, reasoning included.
    `description_characters`: what is longer is cut. `pictures`: `doubtful` shows objects whose description is in doubt
    at once, `again` only with a second question, `never` none; at most `most_pictures` a call, the longer side
    `picture_side` pixels. `extra_calls`: at most so many a video beyond one for each batch, for second questions, cut
    answers and refusals.
    """

    preset: str = DEFAULT
    model: str = ""
    temperature: float | None = 0.0
    objects_per_call: int = 50
    tokens_per_call: int = 16_000
    answer_tokens: int = 200
    most_answer_tokens: int = 16_000
    upstream_answer_tokens: int = 4_096
    description_characters: int = 2_000
    pictures: str = DOUBTFUL
    picture_side: int = 256
    most_pictures: int = 24
    extra_calls: int = 16

    def __post_init__(self) -> None:
        for name, value, allowed in (("preset", self.preset, PRESETS), ("pictures", self.pictures, PICTURES)):
            if value not in allowed:
                raise ValueError(f"{name}: expected one of {', '.join(allowed)}, found {value!r}")
        if not 1 <= self.objects_per_call <= 200:
            raise ValueError(f"objects_per_call: expected 1 to 200, found {self.objects_per_call}")
        if min(self.tokens_per_call, self.answer_tokens, self.description_characters, self.picture_side) < 64:
            raise ValueError("tokens_per_call, answer_tokens, description_characters and picture_side: at least 64")
        if self.most_answer_tokens < self.answer_tokens or min(self.most_pictures, self.extra_calls) < 0:
            raise ValueError("most_answer_tokens: at least answer_tokens; most_pictures and extra_calls: 0 or more")

    @property
    def model_name(self) -> str:
        """The model that is asked."""
        return self.model or _MODELS[self.preset]

    @property
    def as_upstream(self) -> bool:
        """Whether the questions are those of the specification: one call an object, nothing checked."""
        return self.preset != DEFAULT

    @property
    def options(self) -> Mapping[str, Any]:
        """Further fields of each request."""
        # The release's model refuses a temperature.
        return {} if self.temperature is None or self.preset == RELEASE else {"temperature": self.temperature}
