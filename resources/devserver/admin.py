"""What tests and users set and read: scripts, faults, keys, the log."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from resources.devserver.batches import Batches
from resources.devserver.errors import ApiError
from resources.devserver.fields import read_json
from resources.devserver.script import read_faults, read_rules
from resources.devserver.service import Service


def admin_routes(service: Service, batches: Batches) -> list[Route]:
    """The routes: they need no key and are not counted."""

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
        if accepted is not None and not (isinstance(accepted, list) and all(isinstance(k, str) for k in accepted)):
            raise ApiError("Not a list of keys.", param="accepted")
        service.accepted = None if accepted is None else frozenset(accepted)
        return JSONResponse({})

    async def courses(request: Request) -> Response:
        return JSONResponse({"courses": batches.script(read_json(await request.body()))})

    async def log(_request: Request) -> Response:
        return JSONResponse({"entries": service.ledger.log()})

    async def count(_request: Request) -> Response:
        return JSONResponse(service.ledger.count())

    posts = {"script": script, "faults": faults, "keys": keys, "batches": courses}
    gets = {"log": log, "count": count}
    return [
        *(Route(f"/_svg2/{name}", handler, methods=["POST"]) for name, handler in posts.items()),
        *(Route(f"/_svg2/{name}", handler, methods=["GET"]) for name, handler in gets.items()),
    ]
