"""Reading the fields of a request's JSON body."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from resources.devserver.errors import ApiError
from resources.devserver.images import Pictures
from resources.devserver.models import Model
from resources.devserver.prompts import Image
from resources.devserver.strict_schema import SchemaError, check_strict

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class ImageReader:
    """Reads image parts for `model`."""

    pictures: Pictures
    model: Model

    def read(self, url: Any, detail: Any, *, param: str) -> Image:
        """An image part; raises `ApiError` (400). `param` is where the URL stands in the body, the detail beside it."""
        beside = f"{param.rpartition('.')[0]}.detail"
        chosen = one_of(detail or "auto", self.model.images.details, param=beside)
        return Image(self.pictures.read(url, param=param), chosen)


def parse_json(body: bytes) -> Any:
    """The value in `body`, strictly JSON; raises `ValueError`."""
    try:
        return json.loads(body, parse_constant=_not_json, parse_float=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None


def read_json(body: bytes) -> dict[str, Any]:
    """The object in `body`; raises `ApiError` (400)."""
    try:
        value = parse_json(body)
    except ValueError:
        raise ApiError("We could not parse the JSON body of your request.") from None
    if not isinstance(value, dict):
        raise ApiError("The body must be a JSON object.")
    return value


def _not_json(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    value = float(text)
    return value if isfinite(value) else _not_json(text)


def refuse_unknown(body: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise `ApiError` (400) for a field that the endpoint does not have."""
    for name in body:
        if name not in known:
            raise ApiError(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def number(body: Mapping[str, Any], name: str, *, low: float, high: float, whole: bool = False) -> float | None:
    """A number within `[low, high]`, or None where the field is missing or null; raises `ApiError` (400)."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        wanted = "an integer" if whole else "a number"
        raise ApiError(f"Invalid type for '{name}': expected {wanted}.", param=name, code="invalid_type")
    if not low <= value <= high:
        code = "integer_below_min_value" if value < low else "integer_above_max_value"
        raise ApiError(f"Invalid '{name}': expected {low:g} to {high:g}, got {value}.", param=name, code=code)
    return float(value)


def one_of(value: Any, allowed: Collection[str], *, param: str) -> str:
    """`value`, which must be one of `allowed`; raises `ApiError` (400)."""
    if not isinstance(value, str) or value not in allowed:
        names = ", ".join(f"'{a}'" for a in allowed)
        raise ApiError(f"Invalid value: {value!r}. Supported values are: {names}.", param=param, code="invalid_value")
    return value


def check_temperature(body: Mapping[str, Any], effort: str) -> None:
    """A model that reasons with an `effort` takes the default only; others 0 to 2."""
    for name, high in (("temperature", 2), ("top_p", 1)):
        value = number(body, name, low=0, high=high)
        if effort not in {"", "none"} and value is not None and value != 1:
            raise ApiError(
                f"Unsupported value: '{name}' does not support {value:g} with this model. "
                "Only the default (1) value is supported.",
                param=name,
                code="unsupported_value",
            )


def effort_of(value: Any, model: Model, *, param: str) -> str:
    """The reasoning effort asked for, or the model's default; empty for a model that does not reason."""
    if value is None:
        return model.efforts[0] if model.efforts else ""
    if not model.reasons:
        raise ApiError(
            f"Unsupported parameter: '{param}' is not supported with this model.",
            param=param,
            code="unsupported_parameter",
        )
    if value not in model.efforts:
        names = ", ".join(f"'{e}'" for e in model.efforts)
        raise ApiError(
            f"Unsupported value: '{param}' does not support {value!r} with the {model.name!r} model. "
            f"Supported values are: {names}.",
            param=param,
            code="unsupported_value",
        )
    return str(value)


def schema_of(holder: Mapping[str, Any], *, param: str) -> tuple[Mapping[str, Any], str]:
    """Schema and its name from the object that has `name`, `schema` and `strict`; raises `ApiError` (400)."""
    name = holder.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(
            f"Missing or invalid '{param}.name': letters, digits, underscores and dashes, at most 64.",
            param=f"{param}.name",
            code="invalid_value",
        )
    schema = holder.get("schema")
    if not isinstance(schema, Mapping):
        raise ApiError(f"Missing required parameter: '{param}.schema'.", param=f"{param}.schema")
    if holder.get("strict"):
        try:
            check_strict(schema)
        except SchemaError as error:
            raise ApiError(
                f"Invalid schema for response_format '{name}': {error}", param=param, code="invalid_json_schema"
            ) from None
    return schema, name
