"""How a reply travels: whole, slowly, or broken."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from resources.devserver.script import DAMAGED
from resources.devserver.service import Reply

TRANSPORT = "svg2.transport"
_SLOW_PIECES = 20
_FLUSH_SECONDS = 0.05


class BreakableProtocol(H11Protocol):
    """HTTP whose handlers can reach the connection, to break it as a failing network does."""

    def connection_made(self, transport: Any) -> None:
        """Hand the transport to the application, in the scope."""
        super().connection_made(transport)
        app = self.app

        async def with_transport(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, TRANSPORT: transport}, receive, send)

        self.app = with_transport


class Delivery(Response):
    """A JSON response that suffers what its reply's fault says."""

    media_type = "application/json"

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.body, status_code=reply.status, headers=dict(reply.headers))
        self._fault = reply.fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or as much of it as arrives."""
        fault = self._fault
        if fault is None or fault.kind not in DAMAGED:
            await super().__call__(scope, receive, send)
            return
        body = bytes(self.body)
        if fault.kind == "reset":
            await _reset(scope[TRANSPORT], receive)
        elif fault.kind == "reset_mid_body":
            await self._send_pieces(send, [body[: len(body) // 2]], pause=_FLUSH_SECONDS, whole=False)
            await _reset(scope[TRANSPORT], receive)
        elif fault.kind == "truncated_body":
            self.body = body[: len(body) * 2 // 3]
            self.headers["content-length"] = str(len(self.body))
            await super().__call__(scope, receive, send)
        else:
            size = max(1, len(body) // _SLOW_PIECES)
            pieces = [body[i : i + size] for i in range(0, len(body), size)] or [b""]
            await self._send_pieces(send, pieces, pause=fault.seconds / len(pieces), whole=True)

    async def _send_pieces(self, send: Send, pieces: Sequence[bytes], *, pause: float, whole: bool) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await asyncio.sleep(pause)
        if whole:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _reset(transport: asyncio.Transport, receive: Receive) -> None:
    """Close with a TCP reset: linger of zero seconds."""
    connection = transport.get_extra_info("socket")
    if not transport.is_closing():  # a client that was killed is gone before it can be reset
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
