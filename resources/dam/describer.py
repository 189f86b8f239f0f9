"""Phase 2a by the Describe Anything Model, served by its own OpenAI-style server."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from resources.dam.requests import call_for, question
from resources.dam.settings import DamSettings
from svg2_assets.descriptions.asking import described, one_each, portions
from svg2_assets.descriptions.gallery import Gallery, look
from svg2_assets.descriptions.protocols import Description
from svg2_assets.llm.calls import Answer, Call, Gateway, Outcome
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult

REACH_SECONDS = 5.0  # to open a connection to a server that is there


class DamDescriber:
    """A `Describer` that shows DAM each object's frames and mask, and keeps what it answers as data."""

    Settings = DamSettings

    def __init__(self, settings: DamSettings | None = None, gateway: Gateway | None = None) -> None:
        self._settings = settings or DamSettings()
        self._gateway = gateway

    @property
    def model_id(self) -> str:
        """The weights that the server was started with."""
        return self._settings.checkpoint

    @property
    def config(self) -> Mapping[str, Any]:
        """What DAM is shown and asked."""
        prompts = [question(self._settings, video=video).version for video in (True, False)]
        return {**self._settings.output_config, "prompts": prompts}

    def describe(self, source: FrameSource, tracks: TrackingResult) -> tuple[Description, ...]:
        """One description an object, in order; one that DAM could not describe has a reason instead of a text.

        Raises `UnusableBackend` where the server cannot be reached, `PhaseError` where trajectories do not fit the
        video or not one object could be described, `VideoError` when the video no longer decodes.
        """
        gallery = look(source, tracks, self._settings.views, frames=self._settings.frames)
        found: dict[int, Description] = {}
        # The next portion's pictures are made while the server looks at this one's.
        with closing(ahead(self._calls(gallery), most=1)) as prepared:
            for ids, calls in prepared:
                for object_id, answer in zip(ids, self._ask(calls), strict=True):
                    found[object_id] = described(object_id, gallery.frames[object_id], answer)
        return one_each(tracks, gallery, found)

    def _calls(self, gallery: Gallery) -> Iterator[tuple[Sequence[int], list[Call]]]:
        for ids in portions(gallery.budget.chosen, self._settings.at_once):
            yield ids, [call_for(gallery, i, self._settings) for i in ids]

    def _ask(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        if self._gateway is None:
            self._gateway = own_gateway(self._settings)
        answers = self._gateway.ask(calls)
        if any(a.outcome is Outcome.SERVER_ERROR for a in answers):
            self.check_ready()
        return answers

    def check_ready(self) -> None:
        """Raise `UnusableBackend` where nobody listens at the server's address."""
        if not reachable(self._settings.base_url):
            raise UnusableBackend(
                f"DAM's server at {self._settings.base_url} cannot be reached. Start it with `docker compose -f "
                "infra/compose/compose.yaml --env-file infra/compose/.env --profile dam up dam` "
                "(docs/how-to/describe-with-dam.md), or set base_url in SVG2_DESCRIBER. Answers so far are kept."
            )


def own_gateway(settings: DamSettings) -> Gateway:
    """The gateway to DAM's server: no key, no limit but its own workers; cache and ledger are those of all gateways."""
    from resources.llm.shared import shared_gateway

    return shared_gateway(
        base_url=settings.base_url,
        key_variable="",
        transport="sync",
        concurrency=settings.concurrency,
        timeout=settings.timeout,
        attempts=settings.attempts,
        requests_per_minute=None,
        tokens_per_minute=None,
    )


def reachable(base_url: str) -> bool:
    """Whether anybody listens at `base_url`."""
    parts = urlsplit(base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=REACH_SECONDS):
            return True
    except OSError:
        return False
