"""POST /v1/chat/completions: reading a request, writing an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.devserver.answers import Produced
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
from resources.devserver.images import MAX_BYTES, MAX_IMAGES, Pictures
from resources.devserver.models import Models
from resources.devserver.prompts import Image, Prompt, Text, Turn

ROLES = ("system", "developer", "user", "assistant")
MAX_ANSWER_TOKENS = 128_000
_TAKEN = frozenset(
    "model messages response_format max_completion_tokens max_tokens reasoning_effort temperature top_p seed n stream "
    "user metadata store service_tier prompt_cache_key safety_identifier verbosity presence_penalty "
    "frequency_penalty".split()
)
_UNSUPPORTED = frozenset(
    "tools tool_choice parallel_tool_calls functions function_call logprobs top_logprobs logit_bias modalities audio "
    "prediction stop stream_options web_search_options".split()
)


def read_chat(body: Mapping[str, Any], models: Models, pictures: Pictures) -> Prompt:
    """The prompt in `body`; raises `ApiError` (400, 404) for whatever the service refuses."""
    refuse_unknown(body, _TAKEN | _UNSUPPORTED)
    model = models.find(body.get("model"))
    if body.get("stream"):
        raise not_supported("streaming; leave out 'stream'", param="stream")
    for name in _UNSUPPORTED:
        if body.get(name) is not None:
            raise not_supported(f"'{name}'", param=name)
    if number(body, "n", low=1, high=128, whole=True) not in (None, 1):
        raise not_supported("more than one choice; 'n' must be 1", param="n")
    number(body, "seed", low=-(2**63), high=2**63 - 1, whole=True)
    effort = effort_of(body.get("reasoning_effort"), model, param="reasoning_effort")
    check_temperature(body, effort)
    if model.reasons and body.get("max_tokens") is not None:
        raise ApiError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )
    limit_name = "max_tokens" if body.get("max_tokens") is not None else "max_completion_tokens"
    limit = number(body, limit_name, low=1, high=MAX_ANSWER_TOKENS, whole=True)
    turns = _turns(body.get("messages"), ImageReader(pictures, model))
    schema, schema_name, json_object = _format(body.get("response_format"), turns)
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


def _turns(messages: Any, images: ImageReader) -> list[Turn]:
    if not isinstance(messages, list) or not messages:
        raise ApiError(
            "Invalid 'messages': expected an array of at least one message.", param="messages", code="empty_array"
        )
    turns = [_turn(m, f"messages[{i}]", images) for i, m in enumerate(messages)]
    check_images(turns, param="messages")
    return turns


def check_images(turns: list[Turn], *, param: str) -> None:
    """Raise `ApiError` (400) for more images, or more bytes of them, than one request may have."""
    found = [p.picture for t in turns for p in t.parts if isinstance(p, Image)]
    if len(found) > MAX_IMAGES or sum(p.size for p in found) > MAX_BYTES:
        raise ApiError(
            f"Too many or too large images: at most {MAX_IMAGES} images and {MAX_BYTES} bytes a request.",
            param=param,
            code="image_limit_exceeded",
        )


def _turn(message: Any, param: str, images: ImageReader) -> Turn:
    if not isinstance(message, Mapping):
        raise ApiError(f"Invalid type for '{param}': expected an object.", param=param, code="invalid_type")
    role = one_of(message.get("role"), ROLES, param=f"{param}.role")
    content = message.get("content")
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
    if kind == "text" and isinstance(part.get("text"), str):
        return Text(part["text"])
    if kind == "image_url" and isinstance(part.get("image_url"), Mapping):
        if role != "user":
            raise ApiError(
                "Image URLs are only allowed for messages with role 'user'.", param=param, code="invalid_value"
            )
        holder = part["image_url"]
        return images.read(holder.get("url"), holder.get("detail"), param=f"{param}.image_url.url")
    raise ApiError(
        f"Invalid part: expected type 'text' with 'text' or type 'image_url' with an 'image_url' object, got {kind!r}.",
        param=param,
        code="invalid_value",
    )


def _format(given: Any, turns: list[Turn]) -> tuple[Mapping[str, Any] | None, str, bool]:
    if given is None:
        return None, "", False
    param = "response_format"
    if not isinstance(given, Mapping):
        raise ApiError("Invalid type for 'response_format': expected an object.", param=param, code="invalid_type")
    kind = one_of(given.get("type"), ("text", "json_object", "json_schema"), param=f"{param}.type")
    if kind == "json_schema":
        holder = given.get("json_schema")
        if not isinstance(holder, Mapping):
            raise ApiError("Missing required parameter: 'response_format.json_schema'.", param=f"{param}.json_schema")
        return *schema_of(holder, param=param), False
    if kind == "json_object":
        require_json_word(turns, param="messages")
    return None, "", kind == "json_object"


def require_json_word(turns: list[Turn], *, param: str) -> None:
    """Raise `ApiError` (400) unless a message says "json", which the service asks for in JSON mode."""
    if not any("json" in p.text.lower() for t in turns for p in t.parts if isinstance(p, Text)):
        raise ApiError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param=param,
        )


def write_chat(prompt: Prompt, made: Produced) -> dict[str, Any]:
    """The JSON body of the answer."""
    return {
        "id": f"chatcmpl-{made.id}",
        "object": "chat.completion",
        "created": made.created,
        "model": prompt.name,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None if made.refusal is not None else made.text,
                    "refusal": made.refusal,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "length" if made.cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": made.tokens_in,
            "completion_tokens": made.tokens_out,
            "total_tokens": made.tokens_in + made.tokens_out,
            "prompt_tokens_details": {"cached_tokens": made.cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": made.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        "service_tier": "default",
        "system_fingerprint": None,
    }
