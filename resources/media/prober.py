"""Probing by URI: the catalog's `Prober` over a media library."""

from __future__ import annotations

from dataclasses import dataclass

from resources.media.location import MediaLibrary
from resources.media.probe import hash_file, probe_file
from svg2_assets.catalog.protocols import ProbedVideo


@dataclass(frozen=True, slots=True)
class LibraryProber:
    """Fetches what a URI names and looks at it. Errors name the URI, never the cached copy."""

    library: MediaLibrary

    def content_hash(self, uri: str) -> str:
        """SHA-256 (hex) of the content. Raises `VideoError`."""
        return hash_file(self.library.local(uri), uri=uri)

    def probe(self, uri: str) -> ProbedVideo:
        """Decodes the whole video. Raises `VideoError`."""
        return probe_file(self.library.local(uri), uri=uri)
