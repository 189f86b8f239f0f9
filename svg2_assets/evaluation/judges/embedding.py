"""Tier `embedding`: names that the lexicon does not know are compared by vectors. Names of objects only.

Opposites look alike to embeddings (`left of`, `right of`), and so do colors: predicates and attributes are judged by
the tier `lexical`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from svg2_assets.evaluation.judges.forms import form_of
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.scene.errors import InvalidSceneValue, Svg2Error
from svg2_assets.scene.masks import FloatArray


class MissingEmbedder(Svg2Error):
    """Vectors are asked for where nothing makes them."""


class Embedder(Protocol):
    """Makes vectors of texts. `name` says which model, at which revision."""

    @property
    def name(self) -> str:
        """Model and revision."""
        ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """One vector a text, [N, D], of any length but 0."""
        ...


@dataclass(frozen=True, slots=True)
class Embedding:
    """As `lexical` where that knows both names; else by cosine: synonyms from `synonym`, overlapping from `overlap`.

    Both thresholds are to be set for the model on pairs that people judged; no classes above them are told apart.
    """

    embedder: Embedder
    synonym: float
    overlap: float
    lexical: Lexical = field(default_factory=Lexical)
    name: str = "embedding"

    def __post_init__(self) -> None:
        if not -1 <= self.overlap <= self.synonym <= 1:
            raise InvalidSceneValue(
                f"cosines: expected -1 <= overlap <= synonym <= 1, not {self.overlap}, {self.synonym}"
            )

    @property
    def version(self) -> str:
        """Model, thresholds, and the version of the lexicon."""
        return f"1-{self.embedder.name}-{self.synonym:g}-{self.overlap:g}-{self.lexical.version}"

    def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
        """Asks for the vectors of all unknown names at once."""
        found = self.lexical.judge(pairs)
        open_ = [i for i, p in enumerate(pairs) if found[i] is Likeness.MISMATCH and self._is_open(p)]
        texts = dict.fromkeys(form_of(t, Kind.OBJECT) for i in open_ for t in pairs[i][:2])
        if not texts:
            return found
        vectors = dict(zip(texts, _unit(self.embedder.embed(list(texts)), len(texts)), strict=True))
        for i in open_:
            a, b = (vectors[form_of(t, Kind.OBJECT)] for t in pairs[i][:2])
            found[i] = self._class_of(float(a @ b))
        return found

    def keys(self, text: str, kind: Kind) -> frozenset[str] | None:
        """Any two names may be near each other."""
        return None if kind is Kind.OBJECT else self.lexical.keys(text, kind)

    def knows(self, text: str, kind: Kind) -> bool:
        """Every name has a vector."""
        return kind is Kind.OBJECT or self.lexical.knows(text, kind)

    def _is_open(self, pair: Pair) -> bool:
        return pair.kind is Kind.OBJECT and not all(self.lexical.knows(t, pair.kind) for t in pair[:2])

    def _class_of(self, cosine: float) -> Likeness:
        if cosine >= self.synonym:
            return Likeness.SYNONYM
        return Likeness.OVERLAP if cosine >= self.overlap else Likeness.MISMATCH


def embedding_judge(embedder: Embedder | None, *, synonym: float, overlap: float) -> Embedding:
    """The judge with `embedder`. Raises `MissingEmbedder` where there is none: no other tier stands in silently."""
    if embedder is None:
        raise MissingEmbedder(
            "the judge `embedding` needs an embedder, and none is installed: this package carries no text model. Hand "
            "in one with a name and a method `embed`, or use the judge `lexical`."
        )
    return Embedding(embedder, synonym, overlap)


def _unit(vectors: FloatArray, texts: int) -> FloatArray:
    given = np.asarray(vectors, dtype=np.float64)
    if given.ndim != 2 or len(given) != texts or not np.isfinite(given).all():
        raise InvalidSceneValue(f"an embedder gives one finite vector a text, [{texts}, D], not {given.shape}")
    lengths = np.linalg.norm(given, axis=1, keepdims=True)
    if not lengths.all():
        raise InvalidSceneValue("an embedder gave a vector of length 0, which has no direction")
    return np.asarray(given / lengths)
