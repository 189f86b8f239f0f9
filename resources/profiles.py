"""Profiles: which backend does each role's work.

A profile names a backend per role; `SVG2_ROLES` overrides single roles and `SVG2_<ROLE>` their settings. Backends are
imported when first asked for and kept for the life of the process, so that weights load once.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import typing
from collections.abc import Iterable, Mapping
from typing import Any, cast

import dagster as dg
from pydantic import Field

from svg2_assets.descriptions.protocols import Describer
from svg2_assets.labels.protocols import LabelParser, LabelVerifier
from svg2_assets.relations.protocols import RelationExtractor
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.settings import ROLES, Settings
from svg2_assets.trajectories.protocols import VideoTracker

BACKENDS: Mapping[str, Mapping[str, str]] = {
    "embedded": {
        "tracker": "resources.embedded.tracker:EmbeddedTracker",
        "describer": "resources.embedded.describer:EmbeddedDescriber",
        "parser": "resources.embedded.parser:EmbeddedParser",
        "verifier": "resources.embedded.verifier:EmbeddedVerifier",
        "relator": "resources.embedded.relator:EmbeddedRelator",
    },
    "svg2": {
        "tracker": "resources.sam2.phase:Sam2Tracker",
        "describer": "resources.dam.describer:DamDescriber",
        "parser": "resources.openai_models.parser:OpenAIParser",
        "verifier": "resources.sam3.phase:Sam3Verifier",
        "relator": "resources.openai_models.relator:OpenAIRelator",
    },
    "vision": {
        "tracker": "resources.embedded.tracker:EmbeddedTracker",
        "describer": "resources.openai_models.vision_describer:VisionDescriber",
        "parser": "resources.openai_models.parser:OpenAIParser",
        "verifier": "resources.embedded.verifier:EmbeddedVerifier",
        "relator": "resources.openai_models.relator:OpenAIRelator",
    },
    "fake": {
        "tracker": "resources.fakes.tracker:FakeTracker",
        "describer": "resources.fakes.describer:FakeDescriber",
        "parser": "resources.fakes.parser:FakeParser",
        "verifier": "resources.fakes.verifier:FakeVerifier",
        "relator": "resources.fakes.relator:FakeRelator",
    },
}
"""profile -> role -> `module:class`. `svg2`: SAM 2, DAM and SAM 3 on a GPU, OpenAI's models for names and relations.
`vision`: no GPU, a key; what is tracked and verified as in `embedded` is described and related by OpenAI's models.

`fake` is for tests: it needs nothing and claims nothing.
"""


@typing.runtime_checkable
class ChecksItself(typing.Protocol):
    """A backend that needs something which may be missing."""

    def check_ready(self) -> None:
        """Raise `UnusableBackend` when it could do nothing now."""
        ...


class UnknownBackend(UnusableBackend):
    """A profile, role or setting that does not exist, or a value that a setting cannot have; the text says what can."""


class BackendsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The backends of one profile. `overrides` holds JSON by role, `roles` another profile's name by role."""

    profile: str = "embedded"
    roles: dict[str, str] = Field(default_factory=dict)
    overrides: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings) -> BackendsResource:
        """The backends that `settings` ask for."""
        return cls(
            profile=settings.profile,
            roles=settings.roles,
            overrides={r: json.dumps(settings.overrides(r)) for r in ROLES if settings.overrides(r)},
        )

    @property
    def tracker(self) -> VideoTracker:
        """Phase 1."""
        return cast("VideoTracker", self._backend("tracker"))

    @property
    def describer(self) -> Describer:
        """Phase 2a."""
        return cast("Describer", self._backend("describer"))

    @property
    def parser(self) -> LabelParser:
        """Phase 2b, parsing."""
        return cast("LabelParser", self._backend("parser"))

    @property
    def verifier(self) -> LabelVerifier:
        """Phase 2b, verification."""
        return cast("LabelVerifier", self._backend("verifier"))

    @property
    def relator(self) -> RelationExtractor:
        """Phase 3."""
        return cast("RelationExtractor", self._backend("relator"))

    def check_ready(self, roles: Iterable[str]) -> None:
        """Raise `UnusableBackend` where the backend of one of `roles` knows already that it could do nothing: a key
        that is missing or revoked, a server that is not there. Cheap, to be asked before hours of work for it.
        """
        for role in roles:
            backend = self._backend(role)
            if isinstance(backend, ChecksItself):
                backend.check_ready()

    def release(self, role: str) -> None:
        """Let go of the backend of `role`: its weights leave memory with its last user; the next one loads them."""
        _LOADED.pop(self._key(role), None)

    def _backend(self, role: str) -> object:
        key = self._key(role)
        if key not in _LOADED:
            _LOADED[key] = _load(*key)
        return _LOADED[key]

    def _key(self, role: str) -> tuple[str, str, str]:
        return self.roles.get(role, self.profile), role, self.overrides.get(role, "{}")


_LOADED: dict[tuple[str, str, str], object] = {}
"""(profile, role, settings) -> backend, for the life of the process or until it is released"""


def _load(profile: str, role: str, overrides: str) -> object:
    if profile not in BACKENDS:
        known = ", ".join(p for p in BACKENDS if p != "fake")
        raise UnknownBackend(f"SVG2_PROFILE: there is no profile {profile!r}; this version has: {known}.")
    module, name = BACKENDS[profile][role].split(":")
    backend = getattr(importlib.import_module(module), name)
    given = json.loads(overrides)
    return backend(_settings(backend, role, given)) if given else backend()


def _settings(backend: Any, role: str, given: Mapping[str, Any]) -> object:
    """The settings dataclass that `backend` takes, with the values of `given`."""
    hints = typing.get_type_hints(backend.__init__)
    kinds = [k for hint in hints.values() for k in (hint, *typing.get_args(hint)) if dataclasses.is_dataclass(k)]
    if not kinds:
        raise UnknownBackend(f"SVG2_{role.upper()}: {backend.__name__} has no settings.")
    return _filled(kinds[0], f"SVG2_{role.upper()}", given)


def _filled(kind: Any, where: str, given: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> object:
    """`kind` with the values of `given`; what it leaves out is of `usual`, or the default of `kind`."""
    hints = typing.get_type_hints(kind)
    known = {f.name for f in dataclasses.fields(kind)}
    if not isinstance(given, Mapping):
        raise UnknownBackend(f"{where}: expected an object of {', '.join(sorted(known))}, found {given!r}.")
    unknown = sorted(set(given) - known)
    if unknown:
        raise UnknownBackend(f"{where}: unknown {', '.join(unknown)}; known: {', '.join(sorted(known))}.")
    values = dict(usual or {}) | {
        name: _filled(hints[name], f"{where}.{name}", value, _usual(kind, name, hints[name]))
        if dataclasses.is_dataclass(hints[name])
        else value
        for name, value in given.items()
    }
    try:
        return kind(**values)
    except UnusableBackend:
        raise
    except TypeError as error:
        raise UnknownBackend(f"{where}: a value is of a kind that its setting cannot have ({error}).") from error
    except ValueError as error:
        raise UnknownBackend(f"{where}: {error}") from error


def _usual(owner: Any, name: str, kind: Any) -> dict[str, Any]:
    """What `owner` sets in its field `name` otherwise than `kind` does by itself: setting one value resets no other."""
    (field,) = (f for f in dataclasses.fields(owner) if f.name == name)
    if field.default_factory is dataclasses.MISSING or field.default_factory is kind:
        return {}
    own, plain = field.default_factory(), kind()
    names = [f.name for f in dataclasses.fields(kind) if f.init]
    return {n: getattr(own, n) for n in names if getattr(own, n) != getattr(plain, n)}
