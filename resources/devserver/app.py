"""The routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.devserver.delivery import Delivery
from resources.devserver.errors import ApiError
from resources.devserver.fields import read_json
from resources.devserver.script import read_faults, read_rules
from resources.devserver.service import CHAT, Endpoint, Service

Handler = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Starlette:
    """The ASGI application over `service`."""
    routes = [
        _post(CHAT.name, partial(_call, service, CHAT)),
        Route("/v1/models", partial(_models, service), methods=["GET"]),
        *_admin(service),
    ]
    return Starlette(routes=routes, exception_handlers={ApiError: _api_error, HTTPException: _http_error})


def _post(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["POST"])


async def _call(service: Service, endpoint: Endpoint, request: Request) -> Response:
    return Delivery(await service.call(endpoint, await request.body(), request.headers))


async def _models(service: Service, request: Request) -> Response:
    service.key_of(request.headers.get("authorization"))
    listed = [{"id": n, "object": "model", "created": 0, "owned_by": "dev-server"} for n in service.models.names()]
    return JSONResponse({"object": "list", "data": listed})


def _admin(service: Service) -> list[Route]:
    async def script(request: Request) -> Response:
        body = read_json(await request.body())
        rules = read_rules(body)
        (service.script.add if body.get("append") else service.script.replace)(rules)
        return JSONResponse({"rules": len(rules)})

    async def faults(request: Request) -> Response:
        service.script.set_random(read_faults(read_json(await request.body())))
        return JSONResponse({})

    async def keys(request: Request) -> Response:
        accepted = read_json(await request.body()).get("accepted")
        service.accepted = None if accepted is None else frozenset(accepted)
        return JSONResponse({})

    async def log(_request: Request) -> Response:
        return JSONResponse({"entries": service.ledger.log()})

    async def count(_request: Request) -> Response:
        return JSONResponse(service.ledger.count())

    return [
        _post("/_svg2/script", script),
        _post("/_svg2/faults", faults),
        _post("/_svg2/keys", keys),
        Route("/_svg2/log", log, methods=["GET"]),
        Route("/_svg2/count", count, methods=["GET"]),
    ]


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"Invalid URL ({request.method} {request.url.path})" if status in {404, 405} else str(error)
    body: Mapping[str, Any] = ApiError(message, status=status).body()
    return JSONResponse(body, status_code=status)
