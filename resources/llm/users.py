"""What backends that ask models have in common: the process's gateway, and whether it could work at all."""

from __future__ import annotations

from svg2_assets.llm.calls import Gateway


class AsksModels:
    """A backend that asks through `gateway`; with None through the process's own, made when it is first needed."""

    def __init__(self, gateway: Gateway | None = None) -> None:
        self._given = gateway

    @property
    def gateway(self) -> Gateway:
        """Raises `UnusableBackend` for settings of the gateway that cannot be used."""
        if self._given is None:
            from resources.llm.shared import shared_gateway

            self._given = shared_gateway()
        return self._given

    def check_ready(self) -> None:
        """Raise `UnusableBackend` where the key is missing or refused, or nobody answers."""
        from resources.llm.gateway import LlmGateway

        gateway = self.gateway
        if isinstance(gateway, LlmGateway):
            gateway.check_server()
