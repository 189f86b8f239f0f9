"""One call to DAM's route, from its bytes to the reply, as the log keeps it."""

from __future__ import annotations

import asyncio
import json

from starlette.responses import JSONResponse, Response, StreamingResponse

from resources.devserver.answers import digest_of
from resources.devserver.dam import ContentError, DamRequest, FormError, describe, read_dam, stream_dam, write_dam
from resources.devserver.delivery import Delivery
from resources.devserver.ledger import DAM, Entry
from resources.devserver.script import STATUS, Asked, Plan
from resources.devserver.service import Reply, Service, outcome_of


async def call_dam(service: Service, body: bytes) -> Response:
    """Answer one HTTP request. It needs no key and costs nothing; scripted answers and faults apply to it too."""
    entry = service.ledger.open(DAM, digest_of(body))
    response = await _respond(service, body, entry)
    entry.status = response.status_code
    service.ledger.close(entry)
    return response


async def _respond(service: Service, body: bytes, entry: Entry) -> Response:
    try:
        request = read_dam(body)
        entry.model = request.model[:200]
        plan = service.script.plan(Asked(DAM, request.model, request.query, entry.sha256))
        entry.fault = plan.fault.kind if plan.fault else ""
        if plan.fault is not None and plan.fault.kind in STATUS:
            raise ContentError("The server failed (scripted).")
        text = describe(request, joint=service.settings.dam_joint)
    except FormError as error:
        entry.outcome = outcome_of(422)
        return JSONResponse({"detail": error.detail}, status_code=422)
    except ContentError as error:
        entry.outcome = outcome_of(500)
        return JSONResponse({"error": str(error)}, status_code=500)
    entry.outcome, entry.id = "answered", f"{entry.sha256[:24]}{entry.n:06d}"
    return await _deliver(service, request, plan, text=text, name=entry.id)


async def _deliver(service: Service, request: DamRequest, plan: Plan, *, text: str, name: str) -> Response:
    if plan.answer is not None:
        text = plan.answer.text or ""
    fault = plan.fault
    await asyncio.sleep(service.settings.latency + (fault.seconds if fault and fault.kind == "stall" else 0.0))
    if request.stream:
        return StreamingResponse(stream_dam(request, text, name), media_type="text/event-stream")
    return Delivery(Reply(200, json.dumps(write_dam(request, text, name)).encode(), fault=fault))
