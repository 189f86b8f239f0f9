"""How much of a planned request a provider has in its cache by then: what it has in common with an earlier one.

Source: OpenAI's guide "Prompt caching": beginnings of 1,024 tokens and more, in steps of 128, schema before messages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from itertools import takewhile

from resources.llm.payloads import Request
from svg2_assets.llm.tokens import prompt_parts

LEAST, STEP = 1_024, 128

_Parts = list[tuple[bytes, int]]


@dataclass(slots=True)
class Prefixes:
    """Requests about one video at a time: what was asked about the one before is forgotten."""

    _video: str = ""
    _seen: list[_Parts] = field(default_factory=list)

    def cached(self, request: Request, *, video_id: str) -> int:
        """Tokens of `request` that an earlier request about `video_id` to the same model began with."""
        if video_id != self._video:
            self._video, self._seen = video_id, []
        parts = _parts(request)
        longest = max((_common(parts, other) for other in self._seen), default=0)
        self._seen.append(parts)
        return longest // STEP * STEP if longest >= LEAST else 0


def _parts(request: Request) -> _Parts:
    found = prompt_parts(request.model, request.body["messages"], request.schema)
    return [(request.model.encode(), 0), *((hashlib.sha256(text.encode()).digest(), n) for text, n in found)]


def _common(one: _Parts, other: _Parts) -> int:
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(part[1] for part, _ in alike)
