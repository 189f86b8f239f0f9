"""`python -m resources.devserver`: the server for a program that starts it and reads where it listens."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from resources.devserver.serving import announce, serve
from resources.devserver.settings import BATCH_BYTES, BATCH_REQUESTS, BATCH_SECONDS, LOCAL, RPM, TPM, Settings
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
        state=options.state,
        batch_requests=options.batch_requests,
        batch_bytes=options.batch_bytes,
        batch_seconds=options.batch_seconds,
        dam_joint=not options.dam_single,
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
    parser.add_argument("--state", type=Path, help="file that keeps files, batches and the log over a restart")
    parser.add_argument("--batch-requests", type=int, default=BATCH_REQUESTS, help="requests that a batch may have")
    parser.add_argument("--batch-bytes", type=int, default=BATCH_BYTES, help="bytes that a batch's file may have")
    parser.add_argument("--batch-seconds", type=float, default=BATCH_SECONDS, help="that a batch takes")
    parser.add_argument("--dam-single", action="store_true", help="DAM's route takes one image only, no video")
    return parser


if __name__ == "__main__":
    sys.exit(main())
