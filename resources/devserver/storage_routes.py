"""Routes of files and batches. Keys, faults and repeated requests are handled here, once for all of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from resources.devserver import files
from resources.devserver.answers import digest_of
from resources.devserver.batches import Batches
from resources.devserver.delivery import Delivery
from resources.devserver.fields import read_json
from resources.devserver.script import STATUS, Asked, Fault
from resources.devserver.service import Reply, Service, refusal_of

Answer = Callable[[Request, bytes, str], Any]
"""request, body, fingerprint of the key -> JSON value, or the bytes of a file"""


def storage_routes(service: Service, batches: Batches) -> list[Route]:
    """The routes below /v1/files and /v1/batches."""
    state = service.state
    table: list[tuple[str, str, Answer]] = [
        ("POST", "/v1/files", lambda r, body, _k: files.upload(state, body, r.headers.get("content-type", ""))),
        ("GET", "/v1/files", lambda r, _b, _k: _page(state.files(), r)),
        ("GET", "/v1/files/{name}", lambda r, _b, _k: state.file(_name(r))),
        ("DELETE", "/v1/files/{name}", lambda r, _b, _k: files.delete(state, _name(r))),
        ("GET", "/v1/files/{name}/content", lambda r, _b, _k: state.content(_name(r))),
        ("POST", "/v1/batches", lambda _r, body, key: batches.create(read_json(body), key)),
        ("GET", "/v1/batches", lambda r, _b, _k: _page(batches.all(), r)),
        ("GET", "/v1/batches/{name}", lambda r, _b, _k: batches.get(_name(r))),
        ("POST", "/v1/batches/{name}/cancel", lambda r, _b, _k: batches.cancel(_name(r))),
    ]
    return [Route(path, _guarded(service, answer), methods=[method]) for method, path, answer in table]


def _guarded(service: Service, answer: Answer) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        key = service.key_of(request.headers.get("authorization"))
        body = await request.body()
        route, digest = f"{request.method} {request.url.path}", digest_of(body)
        fault = service.script.plan(Asked(route=route, sha256=digest)).fault
        if fault is not None and not fault.counts:
            return await _nothing_done(fault)
        # Forms have another boundary each time: only JSON is the same when it is sent again.
        repeatable = service.settings.idempotency and route == "POST /v1/batches"
        name = request.headers.get("idempotency-key", "") if repeatable else ""
        reply = service.stored_reply(key, name, digest) if name else None
        if reply is None:
            reply = _written(answer(request, body, key))
            if name:
                service.store_reply(key, name, digest, reply)
        return await _sent(reply, fault)

    return handle


async def _nothing_done(fault: Fault) -> Response:
    if fault.kind in STATUS:
        raise refusal_of(fault)
    if fault.kind == "stall":
        await asyncio.sleep(fault.seconds)
    return Delivery(Reply(0, b"", fault=Fault(kind="reset")))


async def _sent(reply: Reply, fault: Fault | None) -> Response:
    if fault is None:
        return Delivery(reply)
    if fault.kind in STATUS:
        raise refusal_of(fault)
    if fault.kind == "stall":
        await asyncio.sleep(fault.seconds)
    return Delivery(Reply(reply.status, reply.body, reply.headers, fault))


def _written(value: Any) -> Reply:
    if isinstance(value, bytes):
        return Reply(200, value, {"content-type": "application/octet-stream"})
    return Reply(200, json.dumps(value, ensure_ascii=False).encode())


def _name(request: Request) -> str:
    return str(request.path_params["name"])


def _page(rows: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    return files.page(rows, after=request.query_params.get("after"), limit=request.query_params.get("limit"))
