"""Settings from YAML and the command line as one: unknown keys are an error that names the nearest one there is."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from svg2_assets.scene.errors import Svg2Error, printable

Form = TypeVar("Form", bound=BaseModel)


class InvalidSetup(Svg2Error, ValueError):
    """A setup that cannot be used: names the key, what it takes, and the nearest key that there is."""


def read_form(
    form: type[Form],
    path: Path | None = None,
    *,
    text: str = "",
    changes: Sequence[str] = (),
    defaults: Mapping[str, Any] | None = None,
) -> Form:
    """The `form` that a YAML file or `text` gives, with `changes` such as `recipe.base_rate=1e-3` made to it.

    `defaults` stand under what the file says. Raises `InvalidSetup`.
    """
    found: dict[str, Any] = json.loads(json.dumps(defaults or {}, default=str))
    where = "setup"
    if path is not None:
        where = printable(str(path))
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise InvalidSetup(f"{where}: cannot be read ({error.strerror}). Give the path of a YAML file.") from error
    _merge(found, _mapping(text, where))
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals:
            raise InvalidSetup(f"--set {printable(change)}: expected key=value, such as steps=500.")
        _merge(found, _nested(key.strip().split("."), _scalar(value, change)))
    try:
        return form.model_validate(found)
    except ValidationError as error:
        raise InvalidSetup(f"{where}: " + "; ".join(_told(form, e) for e in error.errors()[:8])) from error


def _mapping(text: str, where: str) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(text) if text.strip() else {}
    except yaml.YAMLError as error:
        raise InvalidSetup(f"{where}: not YAML: {printable(str(error))}") from error
    if not isinstance(parsed, dict):
        raise InvalidSetup(f"{where}: expected keys and values, found {type(parsed).__name__}.")
    return parsed


def _scalar(value: str, change: str) -> Any:
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InvalidSetup(f"--set {printable(change)}: {printable(str(error))}") from error
    if isinstance(parsed, str):  # YAML 1.1 takes 1e-3 for text
        try:
            return float(parsed)
        except ValueError:
            return parsed
    return parsed


def _nested(path: Sequence[str], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return dict(value)


def _merge(into: dict[str, Any], given: Mapping[str, Any]) -> None:
    """`given` over `into`, key by key at every depth."""
    for key, value in given.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def _told(form: type[BaseModel], error: Any) -> str:
    """One of pydantic's errors in words, with the nearest key where the key is unknown."""
    path = ".".join(str(p) for p in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        return f"{printable(path)}: no such key;{nearest(str(key), _keys_at(form, parents))}"
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{path}: {text}" if path else text


def _keys_at(form: type[BaseModel], path: Sequence[Any]) -> list[str]:
    """The keys that the part of `form` at `path` has."""
    names = iter(path)
    for name in names:
        annotation = form.model_fields[str(name)].annotation
        while get_origin(annotation) is dict:  # its keys are anybody's
            annotation = get_args(annotation)[1]
            next(names, None)
        kinds = get_args(annotation) or (annotation,)
        form = next(k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return list(form.model_fields)


def nearest(key: str, known: Sequence[str]) -> str:
    """Half a sentence that names the key of `known` which `key` may stand for, or all of them."""
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f" did you mean {near[0]!r}?" if near else f" there are {', '.join(known)}"
