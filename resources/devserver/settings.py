"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOCAL = "127.0.0.1"
RPM = 30_000
TPM = 150_000_000
BATCH_REQUESTS = 50_000
BATCH_BYTES = 200_000_000
BATCH_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Settings:
    """`port` 0 takes a free one. `keys`: accepted ones, None accepts any that is not empty. `rpm`, `tpm`: requests and
    tokens a minute for each key and model. `latency`: seconds before every answer. `idempotency`: honour the
    `Idempotency-Key` header. `models`: further names of models. `state`: a file that keeps files,
    batches and the log over a restart, None keeps them in memory. `batch_requests`, `batch_bytes`: what one batch may
    have. `batch_seconds`: that a batch takes. `dam_joint`: DAM takes 1 or 8 images, otherwise 1."""

    host: str = LOCAL
    port: int = 0
    keys: frozenset[str] | None = None
    rpm: int = RPM
    tpm: int = TPM
    latency: float = 0.0
    idempotency: bool = True
    models: tuple[str, ...] = ()
    state: Path | None = None
    batch_requests: int = BATCH_REQUESTS
    batch_bytes: int = BATCH_BYTES
    batch_seconds: float = BATCH_SECONDS
    dam_joint: bool = True
