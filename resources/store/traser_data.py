"""The samples that one tag of the store holds, as training takes them."""

from __future__ import annotations

from functools import cached_property

import polars as pl

from resources.store.errors import StoreError
from resources.store.samples import StoredSamples
from resources.store.store import SceneGraphStore
from svg2_assets.traser.collecting import PREFIX
from svg2_assets.traser.samples.rows import TABLE


class TaggedSamples:
    """The samples under `tag`; the last tag that begins with `PREFIX` where it is empty. Raises `StoreError`."""

    def __init__(self, store: SceneGraphStore, tag: str = "") -> None:
        self.tag = tag or _last_tag(store)
        self._view = store.at_tag(self.tag)

    @cached_property
    def source(self) -> StoredSamples:
        """Rows by address."""
        return StoredSamples(self._view)

    def rows(self, *, split: str, columns: tuple[str, ...], most: int) -> pl.DataFrame:
        """At most `most` rows of a split, in the order of their ids."""
        keys = ("video_id", "sample_id")
        found = self._view.read(TABLE, columns=(*keys, *columns), where={"split": split})
        return found.sort(keys).head(most)


def _last_tag(store: SceneGraphStore) -> str:
    named = [name for name in store.tags() if name.startswith(PREFIX)]
    if named:
        return max(named)
    raise StoreError(
        uri=store.uri,
        table=TABLE,
        reason="no-tag",
        detail="there is no tagged version to train on.",
        remedy="Make one: `svg2 traser samples` from scene graphs, or `svg2 traser world` from the synthetic world.",
    )
