"""The routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.devserver.admin import admin_routes
from resources.devserver.batches import Batches
from resources.devserver.dam_service import call_dam
from resources.devserver.delivery import Delivery
from resources.devserver.embeddings import EMBEDDINGS, embeddings
from resources.devserver.errors import ApiError
from resources.devserver.ledger import DAM
from resources.devserver.service import CHAT, RESPONSES, Endpoint, Service
from resources.devserver.settings import LOCAL
from resources.devserver.storage_routes import storage_routes

Handler = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Starlette:
    """The ASGI application over `service`."""
    batches = Batches(service)
    routes = [
        _post(CHAT.name, partial(_call, service, CHAT)),
        _post(RESPONSES.name, partial(_call, service, RESPONSES)),
        _post(DAM, partial(_dam, service)),
        _post(EMBEDDINGS, partial(_embeddings, service)),
        _get("/v1/models", partial(_models, service)),
        *storage_routes(service, batches),
        *admin_routes(service, batches),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        batches.resume()
        yield

    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=_hosts(service.settings.host))],
        exception_handlers={ApiError: _api_error, HTTPException: _http_error, Exception: _own_error},
    )


def _hosts(address: str) -> list[str]:
    """Names that the server is called by: a page in a browser cannot reach a local one under a name of its own."""
    return [LOCAL, "localhost"] if address == LOCAL else ["*"]


def _post(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["POST"])


def _get(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["GET"])


async def _dam(service: Service, request: Request) -> Response:
    return await call_dam(service, await request.body())


async def _call(service: Service, endpoint: Endpoint, request: Request) -> Response:
    return Delivery(await service.call(endpoint, await request.body(), request.headers))


async def _embeddings(service: Service, request: Request) -> Response:
    service.key_of(request.headers.get("authorization"))
    return JSONResponse(embeddings(await request.body()))


async def _models(service: Service, request: Request) -> Response:
    service.key_of(request.headers.get("authorization"))
    listed = [{"id": n, "object": "model", "created": 0, "owned_by": "dev-server"} for n in service.models.names()]
    return JSONResponse({"object": "list", "data": listed})


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"Invalid URL ({request.method} {request.url.path})" if status in {404, 405} else str(error)
    body: Mapping[str, Any] = ApiError(message, status=status).body()
    return JSONResponse(body, status_code=status)


async def _own_error(_request: Request, error: Exception) -> Response:
    """A fault of this server's own; the traceback goes to standard error."""
    made = ApiError(f"The development server failed ({type(error).__name__}).", status=500, kind="server_error")
    return JSONResponse(made.body(), status_code=500)
