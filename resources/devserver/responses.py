"""POST /v1/responses: reading a request, writing an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.devserver.answers import Produced
from resources.devserver.chat import MAX_ANSWER_TOKENS, ROLES, check_images, require_json_word
from resources.devserver.errors import ApiError, not_supported
from resources.devserver.fields import (
    ImageReader,
    check_temperature,
    effort_of,
    number,
    one_of,
    refuse_unknown,
    schema_of,
)
from resources.devserver.images import Pictures
from resources.devserver.models import Models
from resources.devserver.prompts import Image, Prompt, Text, Turn

MIN_ANSWER_TOKENS = 16
_TAKEN = frozenset(
    "model input instructions text max_output_tokens reasoning temperature top_p stream store user metadata "
    "service_tier prompt_cache_key safety_identifier truncation".split()
)
_UNSUPPORTED = frozenset(
    "tools tool_choice parallel_tool_calls max_tool_calls previous_response_id conversation background include prompt "
    "top_logprobs stream_options".split()
)


def read_response(body: Mapping[str, Any], models: Models, pictures: Pictures) -> Prompt:
    """The prompt in `body`; raises `ApiError` (400, 404) for whatever the service refuses."""
    refuse_unknown(body, _TAKEN | _UNSUPPORTED)
    model = models.find(body.get("model"))
    if body.get("stream"):
        raise not_supported("streaming; leave out 'stream'", param="stream")
    for name in _UNSUPPORTED:
        if body.get(name):
            raise not_supported(f"'{name}'", param=name)
    limit = number(body, "max_output_tokens", low=MIN_ANSWER_TOKENS, high=MAX_ANSWER_TOKENS, whole=True)
    turns = _turns(body.get("input"), ImageReader(pictures, model))
    if isinstance(body.get("instructions"), str):
        turns.insert(0, Turn("system", (Text(body["instructions"]),)))
    schema, schema_name, json_object = _format(body.get("text"), turns)
    reasoning = body.get("reasoning") or {}
    if not isinstance(reasoning, Mapping):
        raise ApiError("Invalid type for 'reasoning': expected an object.", param="reasoning", code="invalid_type")
    effort = effort_of(reasoning.get("effort"), model, param="reasoning.effort")
    check_temperature(body, effort)
    return Prompt(
        model=model,
        name=str(body["model"]),
        turns=turns,
        schema=schema,
        schema_name=schema_name,
        limit=None if limit is None else int(limit),
        effort=effort,
        json_object=json_object,
    )


def _turns(given: Any, images: ImageReader) -> list[Turn]:
    if isinstance(given, str):
        return [Turn("user", (Text(given),))]
    if not isinstance(given, list) or not given:
        raise ApiError(
            "Invalid 'input': expected a string or an array of at least one item.", param="input", code="invalid_type"
        )
    turns = [_turn(item, f"input[{i}]", images) for i, item in enumerate(given)]
    check_images(turns, param="input")
    return turns


def _turn(item: Any, param: str, images: ImageReader) -> Turn:
    if not isinstance(item, Mapping) or item.get("type", "message") != "message":
        raise not_supported("input items other than messages", param=param)
    role = one_of(item.get("role"), ROLES, param=f"{param}.role")
    content = item.get("content")
    if isinstance(content, str):
        return Turn(role, (Text(content),))
    if not isinstance(content, list) or not content:
        raise ApiError(
            f"Invalid type for '{param}.content': expected a string or an array of parts.",
            param=f"{param}.content",
            code="invalid_type",
        )
    return Turn(role, tuple(_part(p, f"{param}.content[{i}]", role, images) for i, p in enumerate(content)))


def _part(part: Any, param: str, role: str, images: ImageReader) -> Text | Image:
    kind = part.get("type") if isinstance(part, Mapping) else None
    wanted = "output_text" if role == "assistant" else "input_text"
    if kind == wanted and isinstance(part.get("text"), str):
        return Text(part["text"])
    if kind == "input_image" and role != "assistant":
        return images.read(part.get("image_url"), part.get("detail"), param=f"{param}.image_url")
    raise ApiError(
        f"Invalid value: {kind!r}. Supported values are: '{wanted}' and, for users, 'input_image'.",
        param=f"{param}.type",
        code="invalid_value",
    )


def _format(text: Any, turns: list[Turn]) -> tuple[Mapping[str, Any] | None, str, bool]:
    given = text.get("format") if isinstance(text, Mapping) else None
    if given is None:
        return None, "", False
    if not isinstance(given, Mapping):
        raise ApiError("Invalid type for 'text.format': expected an object.", param="text.format", code="invalid_type")
    kind = one_of(given.get("type"), ("text", "json_object", "json_schema"), param="text.format.type")
    if kind == "json_schema":
        return *schema_of(given, param="text.format"), False
    if kind == "json_object":
        require_json_word(turns, param="input")
    return None, "", kind == "json_object"


def write_response(prompt: Prompt, made: Produced) -> dict[str, Any]:
    """The JSON body of the answer."""
    part: dict[str, Any] = {"type": "output_text", "text": made.text, "annotations": [], "logprobs": []}
    if made.refusal is not None:
        part = {"type": "refusal", "refusal": made.refusal}
    status = "incomplete" if made.cut else "completed"
    message = {"type": "message", "id": f"msg_{made.id}", "role": "assistant", "status": status, "content": [part]}
    reasoning = [{"type": "reasoning", "id": f"rs_{made.id}", "summary": []}] if prompt.model.reasons else []
    return {
        "id": f"resp_{made.id}",
        "object": "response",
        "created_at": made.created,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if made.cut else None,
        "instructions": None,
        "max_output_tokens": prompt.limit,
        "model": prompt.name,
        "output": [*reasoning, message],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": prompt.effort or None, "summary": None},
        "store": False,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage(made),
        "user": None,
        "metadata": {},
    }


def usage(made: Produced) -> dict[str, Any]:
    """Tokens as this endpoint names them."""
    return {
        "input_tokens": made.tokens_in,
        "input_tokens_details": {"cached_tokens": made.cached},
        "output_tokens": made.tokens_out,
        "output_tokens_details": {"reasoning_tokens": made.reasoning},
        "total_tokens": made.tokens_in + made.tokens_out,
    }
