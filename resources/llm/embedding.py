"""Vectors of texts from a server of OpenAI's protocol (`/v1/embeddings`): OpenAI's, vLLM's, TEI's, Ollama's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from resources.llm.settings import GatewaySettings
from svg2_assets.scene.errors import UnusableBackend, printable
from svg2_assets.scene.masks import FloatArray

if TYPE_CHECKING:
    from openai import OpenAI

AT_ONCE = 256  # texts a request


class OpenAiEmbedder:
    """An `evaluation.judges.embedding.Embedder`: model `name` of the server that `client` speaks to."""

    def __init__(self, client: OpenAI, name: str) -> None:
        self.client, self.name = client, name

    @classmethod
    def of(cls, settings: GatewaySettings, name: str) -> OpenAiEmbedder:
        """On the gateway's server, with its key. Raises `UnusableBackend` where a key is needed and missing."""
        from openai import OpenAI

        key, url = settings.key() or "none", settings.base_url
        return cls(OpenAI(base_url=url, api_key=key, timeout=settings.timeout, max_retries=settings.attempts), name)

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """One vector a text, [N, D]. Raises `UnusableBackend` where the server does not give them."""
        parts = [self._part(texts[at : at + AT_ONCE]) for at in range(0, len(texts), AT_ONCE)]
        return np.asarray([vector for part in parts for vector in part], dtype=np.float64)

    def _part(self, texts: Sequence[str]) -> list[list[float]]:
        from openai import OpenAIError

        where = f"embeddings of {printable(self.name)} from {printable(str(self.client.base_url))}"
        try:
            answer = self.client.embeddings.create(model=self.name, input=list(texts), encoding_format="float")
        except OpenAIError as error:
            raise UnusableBackend(f"{where}: {printable(str(error))} Name a model that it serves.") from None
        found = {one.index: one.embedding for one in answer.data}
        if sorted(found) != list(range(len(texts))):
            raise UnusableBackend(f"{where}: expected {len(texts)} vectors, got {len(answer.data)}.")
        return [found[k] for k in range(len(texts))]
