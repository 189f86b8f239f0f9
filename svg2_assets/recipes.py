"""What determines each phase's output under the chosen backends: the same for assets and for `svg2 status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from svg2_assets.phases import PHASES, Recipe
from svg2_assets.scene.errors import UnusableBackend

if TYPE_CHECKING:
    from resources.profiles import BackendsResource

ROLE_OF_PHASE = {
    "trajectories": "tracker",
    "descriptions": "describer",
    "parsed_labels": "parser",
    "verified_labels": "verifier",
    "relations": "relator",
}


def recipe_of(phase: str, backends: BackendsResource) -> Recipe:
    """The recipe of one phase; loads the backend's settings, not its weights. Where that fails, it says why."""
    role = ROLE_OF_PHASE.get(phase)
    if role is None:
        return Recipe(PHASES[phase])
    try:
        backend = getattr(backends, role)
        return Recipe(PHASES[phase], backend.model_id, backend.config)
    except UnusableBackend as error:
        return Recipe(PHASES[phase], unusable=str(error))


def recipes(backends: BackendsResource) -> dict[str, Recipe]:
    """The recipes of all phases, in order."""
    return {name: recipe_of(name, backends) for name in PHASES}
