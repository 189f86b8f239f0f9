"""`svg2 dev-server`: a local server in the place of OpenAI's and DAM's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from resources.devserver.serving import serve
from resources.devserver.settings import Settings


def dev_server(
    console: Console,
    *,
    host: str,
    port: int,
    keys: Sequence[str],
    rpm: int,
    tpm: int,
    latency: float,
    state: Path | None,
) -> int:
    """Run until interrupted; the exit code is 0 then. Raises `ServerError` where the address cannot be used."""
    settings = Settings(
        host=host,
        port=port,
        keys=frozenset(keys) if keys else None,
        rpm=rpm,
        tpm=tpm,
        latency=latency,
        state=state,
    )
    serve(settings, ready=lambda url: _explain(console, url), until_stdin_closes=False)
    console.print("Stopped.", highlight=False)
    return 0


def _explain(console: Console, url: str) -> None:
    lines = {
        "OpenAI": url,
        "DAM": url.removesuffix("/v1"),
        "log": f"{url.removesuffix('/v1')}/_svg2/log",
    }
    for name, address in lines.items():
        console.print(f"{name:8}{address}", highlight=False, markup=False, soft_wrap=True)
    console.print("No model stands behind it: answers are made up. Ctrl-C stops it.", highlight=False)
