"""The installation a command works on: its settings, store, backends and Dagster instance, opened when needed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from svg2_assets.catalog.lookup import CatalogEntry, entries
from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.settings import Settings, from_environment

if TYPE_CHECKING:
    import dagster as dg

    from resources.media.resource import MediaResource
    from resources.profiles import BackendsResource
    from resources.store.store import SceneGraphStore


class NoSuchVideo(Svg2Error):
    """A video that the store does not know, or a name that fits several."""


class Installation:
    """Everything under one `SVG2_HOME`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or from_environment()

    @cached_property
    def store(self) -> SceneGraphStore:
        """The store."""
        from resources.store.resource import SceneGraphStoreResource

        return SceneGraphStoreResource(uri=self.settings.store_uri).open()

    @cached_property
    def media(self) -> MediaResource:
        """Opens videos."""
        from resources.media.resource import MediaResource

        return MediaResource(cache=str(self.settings.cache))

    @cached_property
    def backends(self) -> BackendsResource:
        """The backends of the chosen profile."""
        from resources.profiles import BackendsResource

        return BackendsResource.of(self.settings)

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """Dagster's instance."""
        from svg2_assets.instance import instance_of

        return instance_of(self.settings)

    def entry(self, wanted: str) -> CatalogEntry:
        """The video whose id, beginning of an id, path or file name is `wanted`. Raises `NoSuchVideo`."""
        catalog = entries(self.store)
        if wanted in catalog:
            return catalog[wanted]
        found = [e for e in catalog.values() if _fits(e, wanted)]
        found = [e for e in found if e.superseded_by is None] or found
        if len(found) == 1:
            return found[0]
        shown = printable(wanted)
        if not found:
            raise NoSuchVideo(f"{shown}: no such video. `svg2 status` lists what there is.")
        options = ", ".join(f"{e.video_id} ({printable(e.uri)})" for e in found[:5])
        raise NoSuchVideo(f"{shown}: fits {len(found)} videos: {options}. Give the id.")


def _fits(entry: CatalogEntry, wanted: str) -> bool:
    names = {entry.uri, *entry.names}
    last = {n.rsplit("/", 1)[-1] for n in names}
    return wanted in names | last or (len(wanted) >= 4 and entry.video_id.startswith(wanted))
