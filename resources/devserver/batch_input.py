"""The input file of a batch: one request a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

MAX_ERRORS = 100  # that a failed batch lists


@dataclass(frozen=True, slots=True)
class Line:
    """One request. `number` counts from 1."""

    number: int
    custom_id: str
    body: dict[str, Any]


@dataclass(slots=True)
class Reading:
    """What a file holds, read line by line. A file with `errors` is never run."""

    endpoint: str
    max_requests: int
    lines: list[Line] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    model: str | None = None
    _ids: set[str] = field(default_factory=set)

    def read(self, content: bytes, *, max_bytes: int) -> Iterator[None]:
        """Read `content`; yields after every line, so that others get their turn."""
        if len(content) > max_bytes:
            self._wrong(None, "max_file_size_exceeded", f"A batch's file may have {max_bytes} bytes at most.")
            return
        for number, raw in enumerate(content.splitlines(), start=1):
            if raw.strip():
                self._line(number, raw)
            yield
        if not self.lines and not self.errors:
            self._wrong(None, "empty_file", "The input file has no request.")
        if len(self.lines) > self.max_requests:
            self._wrong(None, "max_requests_exceeded", f"A batch may have {self.max_requests} requests at most.")

    def _line(self, number: int, raw: bytes) -> None:
        try:
            row = json.loads(raw)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            self._wrong(number, "invalid_json_line", "This line is not a JSON object.")
            return
        custom_id, body = row.get("custom_id"), row.get("body")
        if not isinstance(custom_id, str) or not custom_id:
            self._wrong(number, "missing_required_parameter", "custom_id is missing.", param="custom_id")
        elif custom_id in self._ids:
            text = f"The custom_id {custom_id!r} is used more than once in this file."
            self._wrong(number, "duplicate_custom_id", text, param="custom_id")
        elif row.get("method") != "POST":
            self._wrong(number, "invalid_method", "The method must be POST.", param="method")
        elif row.get("url") != self.endpoint:
            text = f"The url {row.get('url')!r} is not the batch's endpoint {self.endpoint!r}."
            self._wrong(number, "invalid_url", text, param="url")
        elif not isinstance(body, dict):
            self._wrong(number, "missing_required_parameter", "body is missing.", param="body")
        else:
            self._request(Line(number, custom_id, body))

    def _request(self, line: Line) -> None:
        model = line.body.get("model")
        self.model = self.model or (model if isinstance(model, str) else None)
        if model != self.model:
            text = f"The model {model!r} differs from {self.model!r}: all requests of a batch have the same one."
            self._wrong(line.number, "mismatched_model", text, param="body.model")
            return
        self._ids.add(line.custom_id)
        self.lines.append(line)

    def _wrong(self, number: int | None, code: str, message: str, *, param: str | None = None) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append({"code": code, "line": number, "message": message, "param": param})
