"""The routes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.devserver import files
from resources.devserver.admin import admin_routes
from resources.devserver.batches import Batches
from resources.devserver.dam_service import call_dam
from resources.devserver.delivery import Delivery
from resources.devserver.errors import ApiError
from resources.devserver.fields import read_json
from resources.devserver.ledger import DAM
from resources.devserver.service import CHAT, RESPONSES, Endpoint, Service

Handler = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Starlette:
    """The ASGI application over `service`."""
    batches = Batches(service)
    routes = [
        _post(CHAT.name, partial(_call, service, CHAT)),
        _post(RESPONSES.name, partial(_call, service, RESPONSES)),
        _post(DAM, partial(_dam, service)),
        _get("/v1/models", partial(_models, service)),
        *_files(service),
        *_batches(service, batches),
        *admin_routes(service, batches),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        batches.resume()
        yield

    return Starlette(
        routes=routes, lifespan=lifespan, exception_handlers={ApiError: _api_error, HTTPException: _http_error}
    )


def _post(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["POST"])


def _get(path: str, handler: Handler) -> Route:
    return Route(path, handler, methods=["GET"])


async def _dam(service: Service, request: Request) -> Response:
    return await call_dam(service, await request.body())


async def _call(service: Service, endpoint: Endpoint, request: Request) -> Response:
    return Delivery(await service.call(endpoint, await request.body(), request.headers))


async def _models(service: Service, request: Request) -> Response:
    _key(service, request)
    listed = [{"id": n, "object": "model", "created": 0, "owned_by": "dev-server"} for n in service.models.names()]
    return JSONResponse({"object": "list", "data": listed})


def _files(service: Service) -> list[Route]:
    state = service.state

    async def upload(request: Request) -> Response:
        _key(service, request)
        return JSONResponse(files.upload(state, await request.body(), request.headers.get("content-type", "")))

    async def listed(request: Request) -> Response:
        _key(service, request)
        return JSONResponse(_page(state.files(), request))

    async def one(request: Request) -> Response:
        _key(service, request)
        name = request.path_params["name"]
        if request.method == "DELETE":
            state.delete_file(name)
            return JSONResponse({"id": name, "object": "file", "deleted": True})
        return JSONResponse(state.file(name))

    async def content(request: Request) -> Response:
        _key(service, request)
        return Response(state.content(request.path_params["name"]), media_type="application/octet-stream")

    return [
        _post("/v1/files", upload),
        _get("/v1/files", listed),
        Route("/v1/files/{name}", one, methods=["GET", "DELETE"]),
        _get("/v1/files/{name}/content", content),
    ]


def _batches(service: Service, batches: Batches) -> list[Route]:
    async def create(request: Request) -> Response:
        key = _key(service, request)
        return JSONResponse(batches.create(read_json(await request.body()), key))

    async def listed(request: Request) -> Response:
        _key(service, request)
        return JSONResponse(_page(batches.all(), request))

    async def one(request: Request) -> Response:
        _key(service, request)
        return JSONResponse(batches.get(request.path_params["name"]))

    async def cancel(request: Request) -> Response:
        _key(service, request)
        return JSONResponse(batches.cancel(request.path_params["name"]))

    return [
        _post("/v1/batches", create),
        _get("/v1/batches", listed),
        _get("/v1/batches/{name}", one),
        _post("/v1/batches/{name}/cancel", cancel),
    ]


def _key(service: Service, request: Request) -> str:
    return service.key_of(request.headers.get("authorization"))


def _page(rows: list[dict[str, Any]], request: Request) -> dict[str, Any]:
    return files.page(rows, after=request.query_params.get("after"), limit=request.query_params.get("limit"))


async def _api_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    message = f"Invalid URL ({request.method} {request.url.path})" if status in {404, 405} else str(error)
    body: Mapping[str, Any] = ApiError(message, status=status).body()
    return JSONResponse(body, status_code=status)
