"""Starting and ending the server."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

import uvicorn

from resources.devserver.settings import Settings
from svg2_assets.scene.errors import Svg2Error


class ServerError(Svg2Error):
    """The server cannot be started."""


def listen(settings: Settings) -> socket.socket:
    """A socket on the host and port of `settings`; raises `ServerError` where that cannot be."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named, or asyncio does not take it for TCP and leaves TCP_NODELAY off: each answer would wait 40 ms for an ACK.
    connection = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        connection.bind((settings.host, settings.port))
    except OSError as error:
        connection.close()
        reason = error.strerror or error
        raise ServerError(
            f"{settings.host}:{settings.port}: cannot be used ({reason}). Choose another port."
        ) from error
    return connection


def base_url(connection: socket.socket) -> str:
    """What an OpenAI client takes as its base URL."""
    host, port = connection.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"


def serve(settings: Settings, *, ready: Callable[[str], None], until_stdin_closes: bool) -> None:
    """Run until SIGTERM or Ctrl-C, or until standard input closes; `ready` gets the base URL once the port is open."""
    from resources.devserver.app import application
    from resources.devserver.delivery import BreakableProtocol
    from resources.devserver.service import Service

    connection = listen(settings)
    config = uvicorn.Config(
        application(Service(settings)),
        http=BreakableProtocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
        backlog=2048,
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        watching = asyncio.create_task(_stop_with_stdin(server)) if until_stdin_closes else None
        serving = asyncio.create_task(server.serve(sockets=[connection]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.005)
        if server.started:
            ready(base_url(connection))
        await serving
        if watching is not None:
            watching.cancel()

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


async def _stop_with_stdin(server: uvicorn.Server) -> None:
    """Whoever started the server holds its standard input; when they are gone, however they ended, it closes."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    try:
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    except (OSError, ValueError):
        return  # a file, or nothing at all: there is no one to wait for
    while await reader.read(4096):
        pass
    server.should_exit = True


def announce(url: str) -> None:
    """One line of JSON on standard output."""
    print(json.dumps({"base_url": url}), flush=True)  # noqa: T201 - this is the output
