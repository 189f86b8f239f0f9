"""Qwen's tokenizer with TRASER's two marks: loaded, rebuilt from a list of ranks, or trained small for small models.

transformers does the work and is imported when a tokenizer is made.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

from svg2_assets.scene.errors import Svg2Error
from svg2_assets.traser.arrangement import Marks

MARKS = {
    "object_start": "<obj_traj_start>",
    "object_end": "<obj_traj_end>",
    "vision_start": "<|vision_start|>",
    "vision_end": "<|vision_end|>",
    "video": "<|video_pad|>",
    "start": "<|im_start|>",
    "end": "<|im_end|>",
    "pad": "<|endoftext|>",
}
"""The text of each mark of `Marks`."""
OWN_MARKS = (MARKS["object_start"], MARKS["object_end"])
"""What TRASER has over Qwen2.5-VL."""
QWEN_MARKS = (
    *("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>"),
    *("<|box_start|>", "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>"),
    *("<|vision_pad|>", "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>"),
    *("<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"),
)
"""Qwen2.5's added tokens in the order of their ids, from 151643 in its own vocabulary."""
BYTES = 256
MOST_KEPT, MOST_WORDS = 40, 20_000
"""Characters of a text whose ids are kept, and how many texts are."""


class TokenizerError(Svg2Error):
    """A tokenizer that TRASER cannot use; the text says what it lacks."""


class QwenTokenizer:
    """Text to ids and back over a tokenizer of transformers (`inner`), byte-level BPE as Qwen's is.

    Raises `TokenizerError` listing the marks that `inner` lacks.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.marks = _marks_of(inner)
        self._words: dict[str, tuple[int, ...]] = {}  # short texts come again and again: labels, names, predicates

    @classmethod
    def load(cls, source: str | Path, *, revision: str | None = None, add_marks: bool = False) -> QwenTokenizer:
        """From a directory (of `save`, or of a checkpoint) or a Hub id.

        `add_marks` gives a tokenizer of Qwen2.5-VL the two marks that it lacks; it then has 151,667 tokens.
        """
        from transformers import AutoTokenizer

        try:
            inner = AutoTokenizer.from_pretrained(str(source), revision=revision)
        except (OSError, ValueError) as error:
            raise TokenizerError(
                f"no tokenizer at {source}: {error} Give a directory with tokenizer.json, or with vocab.json and "
                f"merges.txt, or the id of a model on the Hub."
            ) from error
        if add_marks:
            _add(inner, OWN_MARKS)
        return cls(inner)

    @classmethod
    def of_ranks(cls, path: Path) -> QwenTokenizer:
        """Qwen's vocabulary from a file of ranks, as tiktoken's are: a line for each token, base64, space, rank."""
        ranks: dict[bytes, int] = {}
        for line in path.read_bytes().splitlines():
            piece, rank = line.split()
            ranks[base64.b64decode(piece)] = int(rank)
        letters = _letters()
        merges = [tuple(map(letters, pair)) for pair in _merges(ranks)]
        return cls(_assemble({letters(piece): rank for piece, rank in ranks.items()}, merges))

    def save(self, folder: Path) -> None:
        """Write a directory that `load` reads."""
        folder.mkdir(parents=True, exist_ok=True)
        self.inner.save_pretrained(str(folder))

    def __len__(self) -> int:
        """Ids in use, marks included."""
        return len(self.inner)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text; marks in it stay text."""
        known = self._words.get(text)
        if known is not None:
            return list(known)
        ids: list[int] = []
        for part in self._unmarked.split(text):
            ids += self.inner.encode(part, add_special_tokens=False) if part else []
        if len(text) <= MOST_KEPT and len(self._words) < MOST_WORDS:
            self._words[text] = tuple(ids)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, marks left out; bytes that are no text become U+FFFD."""
        plain = [int(i) for i in ids]
        return b"".join(self.pieces[i] or b"" for i in plain if 0 <= i < len(self.pieces)).decode(errors="replace")

    @cached_property
    def pieces(self) -> tuple[bytes | None, ...]:
        """The bytes of each id, None for marks and for ids that are not in use."""
        table = _bytes_of_letters()
        pieces: list[bytes | None] = [None] * (max(self.inner.get_vocab().values()) + 1)
        for token, i in self.inner.get_vocab().items():
            if token not in self._added:
                pieces[i] = bytes(table[c] for c in token)
        return tuple(pieces)

    @cached_property
    def _added(self) -> frozenset[str]:
        return frozenset(str(t) for t in self.inner.get_added_vocab())

    @cached_property
    def _unmarked(self) -> re.Pattern[str]:
        """Where text is cut so that no mark in it is whole: after its first character."""
        marks = sorted((m for m in self._added if len(m) > 1), key=len, reverse=True)
        return re.compile("|".join(f"(?<={re.escape(m[0])})(?={re.escape(m[1:])})" for m in marks) or r"(?!)")


def train_tokenizer(texts: Iterable[str], *, size: int) -> QwenTokenizer:
    """A small tokenizer of at most `size` ids: byte-level BPE of `texts`, split as Qwen splits, with Qwen's marks.

    Digits stand alone, as in Qwen. Raises `TokenizerError` for a size that does not hold all bytes and marks.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    room = size - len(QWEN_MARKS) - len(OWN_MARKS)
    if room < BYTES:
        least = size - room + BYTES
        raise TokenizerError(f"a vocabulary of {size} ids does not hold all bytes and marks; take at least {least}.")
    bpe = Tokenizer(models.BPE())
    bpe.normalizer, bpe.pre_tokenizer = _qwen_splitting()
    trainer = trainers.BpeTrainer(
        vocab_size=room, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False
    )
    bpe.train_from_iterator(texts, trainer)
    return QwenTokenizer(_assemble_trained(bpe))


def _assemble_trained(bpe: Any) -> Any:

    model = json.loads(bpe.to_str())["model"]
    return _assemble(model["vocab"], [tuple(pair) for pair in model["merges"]])


def _assemble(vocabulary: dict[str, int], merges: Sequence[Any]) -> Any:
    """A Qwen tokenizer with all marks after its own tokens; `merges` are pairs of them."""
    from transformers import Qwen2Tokenizer

    inner = Qwen2Tokenizer(vocabulary, list(merges))  # which adds the end of text, Qwen's first mark
    _add(inner, (*QWEN_MARKS, *OWN_MARKS))
    return inner


def _add(inner: Any, marks: Iterable[str]) -> None:
    from tokenizers import AddedToken

    known = inner.get_vocab()
    inner.add_tokens([AddedToken(m, special=True, normalized=False) for m in marks if m not in known])


def _qwen_splitting() -> tuple[Any, Any]:
    """Qwen's normaliser and pre-tokenizer, as transformers builds them."""
    from transformers import Qwen2Tokenizer

    backend = Qwen2Tokenizer().backend_tokenizer
    return backend.normalizer, backend.pre_tokenizer


def _marks_of(inner: Any) -> Marks:
    known = inner.get_vocab()
    missing = [text for text in MARKS.values() if text not in known]
    if missing:
        hint = " Load it with add_marks." if set(missing) == set(OWN_MARKS) else ""
        raise TokenizerError(f"the tokenizer lacks the marks {', '.join(missing)}; TRASER needs Qwen2.5-VL's.{hint}")
    return Marks(**{field: int(known[text]) for field, text in MARKS.items()})


def _bytes_of_letters() -> dict[str, int]:
    """GPT-2's table: the letter that stands for each byte in a byte-level vocabulary, read backwards."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [b for b in range(BYTES) if b not in set(shown)]
    return {chr(b): b for b in shown} | {chr(BYTES + n): b for n, b in enumerate(hidden)}


def _letters() -> Any:
    table = {b: letter for letter, b in _bytes_of_letters().items()}
    return lambda piece: "".join(table[b] for b in piece)


def _merges(ranks: dict[bytes, int]) -> list[tuple[bytes, bytes]]:
    """The merge that makes each token, in the order of their ranks."""
    longer = sorted((piece for piece in ranks if len(piece) > 1), key=lambda piece: ranks[piece])
    return [_last_merge(piece, ranks) for piece in longer]


def _last_merge(piece: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """The two tokens of lower rank that `piece` is merged of."""
    parts = [piece[i : i + 1] for i in range(len(piece))]
    while len(parts) > 2:
        joins = [(ranks.get(a + b, ranks[piece]), i) for i, (a, b) in enumerate(pairwise(parts))]
        rank, at = min(joins)
        if rank >= ranks[piece]:
            raise TokenizerError(f"the list of ranks is not one of byte-level BPE: nothing makes {piece!r}")
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts[0], parts[1]
