"""/v1/files: uploading, reading and deleting files of batches."""

from __future__ import annotations

import secrets
import time
from typing import Any

from resources.devserver.errors import ApiError, not_supported
from resources.devserver.multipart import read_form
from resources.devserver.state import State

MAX_FILE_BYTES = 512_000_000


def upload(state: State, body: bytes, content_type: str) -> dict[str, Any]:
    """Keep the file of a form with `purpose` and `file`; raises `ApiError` (400, 413)."""
    form = read_form(body, content_type)
    purpose = form["purpose"].content.decode(errors="replace") if "purpose" in form else None
    if purpose is None:
        raise ApiError("'purpose' is a required property", param="purpose")
    if purpose != "batch":
        raise not_supported(f"files of purpose {purpose!r}; only 'batch'", param="purpose")
    file = form.get("file")
    if file is None or file.filename is None:
        raise ApiError("'file' is a required property", param="file")
    if not file.content:
        raise ApiError("The file is empty.", param="file", code="empty_file")
    if len(file.content) > MAX_FILE_BYTES:
        raise ApiError(f"Maximum content size limit ({MAX_FILE_BYTES}) exceeded.", status=413)
    return keep(state, file.content, name=file.filename, purpose="batch")


def keep(state: State, content: bytes, *, name: str, purpose: str) -> dict[str, Any]:
    """Keep `content` as a file and return the file object."""
    facts = {
        "id": f"file-{secrets.token_hex(12)}",
        "object": "file",
        "bytes": len(content),
        "created_at": int(time.time()),
        "expires_at": None,
        "filename": name,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }
    state.put_file(facts, content)
    return facts


def page(rows: list[dict[str, Any]], *, after: str | None, limit: str | None) -> dict[str, Any]:
    """A page of `rows` as the API lists them; raises `ApiError` (400) for a limit that is none."""
    if limit is not None and not (limit.isdigit() and 1 <= int(limit) <= 10_000):
        raise ApiError("Invalid 'limit': expected a number from 1 on.", param="limit", code="invalid_value")
    ids = [r["id"] for r in rows]
    start = ids.index(after) + 1 if after in ids else 0
    shown = rows[start : start + int(limit or 20)]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": start + len(shown) < len(rows),
    }
