"""Refusals, in the form that OpenAI's API gives them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from svg2_assets.scene.errors import Svg2Error


class ApiError(Svg2Error):
    """A request that is refused: HTTP status, headers and the four fields of OpenAI's error object."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.param, self.code = message, status, kind, param, code
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The JSON body: `{"error": {"message", "type", "param", "code"}}`."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}


def not_supported(what: str, *, param: str) -> ApiError:
    """The real service can do it, this server cannot."""
    return ApiError(f"The development server does not support {what}.", param=param, code="unsupported_by_dev_server")


def not_found(what: str, name: str) -> ApiError:
    """404 for an object that does not exist."""
    return ApiError(f"No such {what}: {name!r}.", status=404, param="id")
