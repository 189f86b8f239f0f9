"""A request to a model as a value, whichever endpoint it came by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json import dumps
from typing import Any

from resources.devserver.images import Picture
from resources.devserver.models import Model
from resources.devserver.tokens import ANSWER_TOKENS, MESSAGE_TOKENS, Piece, segments

_SEGMENT = 32  # tokens of text that are cached together


@dataclass(frozen=True, slots=True)
class Text:
    """A text part."""

    text: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image part; `detail` is low, high or auto."""

    picture: Picture
    detail: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One message."""

    role: str
    parts: Sequence[Text | Image]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked. `schema`: of the answer, None for free text. `limit`: tokens of the answer, reasoning included."""

    model: Model
    name: str
    turns: Sequence[Turn]
    schema: Mapping[str, Any] | None = None
    schema_name: str = ""
    limit: int | None = None
    effort: str = ""
    json_object: bool = False

    @property
    def text(self) -> str:
        """All text of all turns, a line each."""
        return "\n".join(p.text for t in self.turns for p in t.parts if isinstance(p, Text))

    def pieces(self) -> list[Piece]:
        """The prompt as it is cached. The schema stands before all messages, as it does at the service: prompts that
        differ in their schema share nothing."""
        made = [] if self.schema is None else list(_text_pieces(dumps(self.schema, sort_keys=True)))
        for turn in self.turns:
            made.append(Piece(sha256(turn.role.encode()).digest(), MESSAGE_TOKENS))
            for part in turn.parts:
                made.extend(_text_pieces(part.text) if isinstance(part, Text) else [self._image_piece(part)])
        return [*made, Piece(b"answer", ANSWER_TOKENS)]

    def _image_piece(self, part: Image) -> Piece:
        size = part.picture
        digest = sha256(f"{size.digest} {part.detail}".encode()).digest()
        return Piece(digest, self.model.images.tokens(size.width, size.height, part.detail))


def _text_pieces(text: str) -> Iterator[Piece]:
    for segment, tokens in segments(text, size=_SEGMENT):
        yield Piece(sha256(segment.encode()).digest(), tokens)
