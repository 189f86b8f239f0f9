"""One baseline as a YAML file: who is asked, where, and what it is shown."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.evaluation.baselines.asking import the_prompt
from svg2_assets.traser.text import Task


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Server(_Form):
    """Where the model is asked; what is unset is as SVG2_LLM has it."""

    url: str = Field(default="", description="Address of the API; that of SVG2_LLM when empty")
    url_variable: str = Field(default="", description="Environment variable that holds the address, over `url`")
    key_variable: str | None = Field(default=None, description="Variable that holds the key; empty: none is needed")
    requests_per_minute: int | None = Field(default=None, ge=1, description="Most requests a minute")
    tokens_per_minute: int | None = Field(default=None, ge=1, description="Most tokens a minute")
    concurrency: int | None = Field(default=None, ge=1, le=1024, description="Most requests under way at once")
    timeout: float | None = Field(default=None, gt=0, description="Longest time of one request, in seconds")
    prices: dict[str, dict[str, float]] = Field(default_factory=dict, description="Dollars a million tokens, by model")


class Frames(_Form):
    """Which frames are shown, and how."""

    fps: float = Field(default=1.0, gt=0, description="About how many a second")
    least: int = Field(default=4, ge=1, description="Fewest, where the clip has as many")
    most: int = Field(default=32, ge=1, description="Most")
    side: int = Field(default=768, ge=64, description="Longer side in pixels; frames are never enlarged")
    quality: int = Field(default=85, ge=1, le=100, description="Of the JPEG")
    detail: Literal["", "low", "high", "auto"] = Field(default="high", description="Left out when empty")


class Boxes(_Form):
    """How trajectories are told."""

    most: int = Field(default=8, ge=1, description="Most boxes of an object, spread over the frames that show it")
    scale: int | None = Field(default=1000, ge=1, description="Boxes go from 0 to this; unset: pixels of the pictures")


class Baseline(_Form):
    """A vision model as a baseline. `source` names its graphs in the store and in tables."""

    source: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", description="Name of its predictions")
    model: str = Field(min_length=1, description="Model as the server knows it")
    server: Server = Server()
    frames: Frames = Frames()
    boxes: Boxes = Boxes()
    task: Task = Field(default=Task.SCENE_GRAPH, description="scene_graph, relationships, attributes or objects")
    most_objects: int = Field(default=40, ge=1, description="Most objects in one question; more are asked in several")
    structured: bool = Field(default=True, description="Whether the server holds answers to a JSON schema")
    options: dict[str, Any] = Field(default_factory=dict, description="Further fields of the request")
    max_output_tokens: int = Field(default=8192, ge=64, description="Longest answer, reasoning included")
    at_once: int = Field(default=4, ge=1, description="Videos whose pictures are held in memory and sent together")

    @property
    def config(self) -> dict[str, Any]:
        """What decides of an answer, the version of the prompt included; another one makes predictions stale."""
        shown = self.model_dump(mode="json", exclude={"source", "server", "at_once"})
        return {**shown, "prompt": the_prompt().version}
