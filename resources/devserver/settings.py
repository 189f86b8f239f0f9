"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass

LOCAL = "127.0.0.1"
RPM = 30_000
TPM = 150_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """`port` 0 takes a free one. `keys`: accepted ones, None accepts any that is not empty. `rpm`, `tpm`: requests and
    tokens a minute for each key and model. `latency`: seconds before every answer. `idempotency`: honour the
    `Idempotency-Key` header. `models`: further names of models."""

    host: str = LOCAL
    port: int = 0
    keys: frozenset[str] | None = None
    rpm: int = RPM
    tpm: int = TPM
    latency: float = 0.0
    idempotency: bool = True
    models: tuple[str, ...] = ()
