"""`/v1/embeddings`: vectors by the pairs of letters of a text, so that like spellings are near each other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from zlib import crc32

from resources.devserver.errors import ApiError
from resources.devserver.fields import read_json

EMBEDDINGS = "/v1/embeddings"
MODELS = ("text-embedding-3-small", "text-embedding-3-large", "text-embedding-ada-002")
SIZE = 256
MOST = 2048  # texts a request


def embeddings(body: bytes) -> dict[str, Any]:
    """The answer to a request. Raises `ApiError` (400, 404)."""
    asked = read_json(body)
    model, given = asked.get("model"), asked.get("input")
    if model not in MODELS:
        raise ApiError(f"The model {model!r} does not exist.", status=404, code="model_not_found")
    if asked.get("encoding_format", "float") != "float":
        raise ApiError("encoding_format: this server knows float alone.", param="encoding_format")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 0 < len(texts) <= MOST or not all(isinstance(t, str) and t for t in texts):
        raise ApiError(f"input: expected a text or a list of 1 to {MOST} texts, none of them empty.", param="input")
    data = [{"object": "embedding", "index": k, "embedding": _vector(t)} for k, t in enumerate(texts)]
    tokens = sum(len(t) // 4 + 1 for t in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": model, "usage": usage}


def _vector(text: str) -> list[float]:
    padded = f" {text.lower()} "
    counts = [0.0] * SIZE
    for pair in pairwise(padded):
        counts[crc32("".join(pair).encode()) % SIZE] += 1.0
    length = sum(c * c for c in counts) ** 0.5
    return [c / length for c in counts]
