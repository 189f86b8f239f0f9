"""Scene-graph documents as a source of a file or a folder: what is wrong with one costs that one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from svg2_assets.scene_graphs.document_files import UnreadableDocument, documents_at, read_document
from svg2_assets.scene_graphs.formats.records import attempt, once
from svg2_assets.scene_graphs.formats.values import Imported, NotImportable, Origin, Read, Repairs

NAME = "document"


def read(source: Path, *, masks: bool) -> Iterator[Read]:
    """One graph a file; without `masks` trajectories are neither read nor checked. Raises `UnusableSource`."""
    return once(_read(source, masks=masks))


def _read(source: Path, *, masks: bool) -> Iterator[Read]:
    for file in documents_at(source):
        origin = Origin(NAME, file=str(file))
        yield attempt(partial(_imported, file, origin, masks=masks), video_id=file.stem, origin=origin)


def _imported(file: Path, origin: Origin, *, masks: bool, repairs: Repairs) -> Imported:
    del repairs  # nothing is mended: documents are ours
    try:
        return Imported(read_document(file, masks=masks), origin, Counter())
    except UnreadableDocument as error:
        raise NotImportable(error.fault, error.detail) from error
