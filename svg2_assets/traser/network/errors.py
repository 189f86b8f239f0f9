"""What can go wrong with a checkpoint."""

from __future__ import annotations

from svg2_assets.scene.errors import UnusableBackend


class CheckpointError(UnusableBackend):
    """A checkpoint cannot be found, fetched, read or written, or is another model's: names it and says what to do."""
