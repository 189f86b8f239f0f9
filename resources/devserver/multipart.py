"""Forms with files (multipart/form-data, RFC 7578)."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser

from resources.devserver.errors import ApiError


@dataclass(frozen=True, slots=True)
class Field:
    """A field; `filename` is None unless it is a file."""

    filename: str | None
    content: bytes


def read_form(body: bytes, content_type: str) -> dict[str, Field]:
    """The fields of a form by name; raises `ApiError` (400)."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ApiError("Expected a multipart/form-data body with a boundary.")
    made: dict[str, Field] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if part.startswith(b"--"):
            return made
        head, separator, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        message = BytesParser().parsebytes(head + b"\r\n\r\n")
        name = message.get_param("name", header="content-disposition")
        if not separator or not isinstance(name, str):
            break
        made[name] = Field(message.get_filename(), content)
    raise ApiError("The form is not complete.")
