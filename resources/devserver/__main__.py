"""`python -m resources.devserver`: the server for a program that starts it and reads where it listens."""

from __future__ import annotations

import argparse
import sys

from resources.devserver.serving import announce, serve
from resources.devserver.settings import LOCAL, RPM, TPM, Settings
from svg2_assets.scene.errors import Svg2Error


def main(arguments: list[str] | None = None) -> int:
    """Serve until standard input closes or SIGTERM comes."""
    options = _parser().parse_args(arguments)
    settings = Settings(
        host=options.host,
        port=options.port,
        keys=frozenset(options.key) if options.key else None,
        rpm=options.rpm,
        tpm=options.tpm,
        latency=options.latency,
        idempotency=not options.no_idempotency,
        models=tuple(options.model),
    )
    try:
        serve(settings, ready=announce, until_stdin_closes=True)
    except Svg2Error as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resources.devserver", description=__doc__)
    parser.add_argument("--host", default=LOCAL, help="address to listen on; others than the local one can be reached")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--key", action="append", default=[], help="an accepted key; may be repeated; default: any")
    parser.add_argument("--rpm", type=int, default=RPM, help="requests a minute for each key and model")
    parser.add_argument("--tpm", type=int, default=TPM, help="tokens a minute for each key and model")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before every answer")
    parser.add_argument("--no-idempotency", action="store_true", help="ignore Idempotency-Key")
    parser.add_argument("--model", action="append", default=[], help="a further model; may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
