"""The models that the server knows: how they count images, and which parameters they take."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from resources.devserver.errors import ApiError
from svg2_assets.llm.tokens import ImageRule, image_rule


@dataclass(frozen=True, slots=True)
class Model:
    """`efforts`: of reasoning, the default one first; empty for a model that does not reason."""

    name: str
    efforts: tuple[str, ...] = ()

    @property
    def images(self) -> ImageRule:
        """What they cost."""
        return image_rule(self.name)

    @property
    def reasons(self) -> bool:
        """Whether it can think before it answers."""
        return bool(self.efforts)


_FIVE = ("medium", "minimal", "low", "high")
_FIVE_ONE = ("none", "low", "medium", "high")
_O = ("medium", "low", "high")
_KNOWN = (
    Model("gpt-5", _FIVE),
    Model("gpt-5-mini", _FIVE),
    Model("gpt-5-nano", _FIVE),
    Model("gpt-5.1", _FIVE_ONE),
    Model("gpt-5.2", (*_FIVE_ONE, "xhigh")),
    Model("gpt-5.4", (*_FIVE_ONE, "xhigh")),
    Model("gpt-5.4-mini", (*_FIVE_ONE, "xhigh")),
    Model("gpt-5.4-nano", (*_FIVE_ONE, "xhigh")),
    Model("gpt-4.1"),
    Model("gpt-4.1-mini"),
    Model("gpt-4.1-nano"),
    Model("gpt-4o"),
    Model("gpt-4o-mini"),
    Model("o3", _O),
    Model("o4-mini", _O),
)
_SNAPSHOT = re.compile(r"(?P<name>.+?)(-\d{4}-\d{2}-\d{2})?")


@dataclass(slots=True)
class Models:
    """The models by name; `further` ones, such as a local vLLM serves, count images as gpt-4o does."""

    further: tuple[str, ...] = ()
    _table: Mapping[str, Model] = field(init=False)

    def __post_init__(self) -> None:
        self._table = {m.name: m for m in (*_KNOWN, *(Model(n) for n in self.further))}

    def names(self) -> list[str]:
        """All of them, in the order of the table."""
        return list(self._table)

    def find(self, name: object) -> Model:
        """The model, a dated snapshot (`gpt-5-2025-08-07`) included; raises `ApiError` (400, 404)."""
        if not isinstance(name, str) or not name:
            raise ApiError("you must provide a model parameter")
        match = _SNAPSHOT.fullmatch(name)
        model = self._table.get(name) or (self._table.get(match["name"]) if match else None)
        if model is None:
            raise ApiError(
                f"The model {name!r} does not exist or you do not have access to it.",
                status=404,
                code="model_not_found",
            )
        return model
