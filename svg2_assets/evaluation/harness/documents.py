"""Scene-graph documents as a source: a file, or a folder of files such as `svg2 annotate --json` writes.

What `svg2 show --json` prints is read, too: it has no masks, which only matters where objects are matched by place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from svg2_assets.scene.document import SCHEMA_ID, InvalidSceneDocument
from svg2_assets.scene.document import read as read_document
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.records import attempt, once, parsed
from svg2_assets.scene_graphs.formats.values import (
    Fault,
    Imported,
    NotImportable,
    Origin,
    Read,
    Repairs,
    UnusableSource,
)

NAME = "document"
_SHOWN = ("previews",)  # what `svg2 show` prints beside the document


def read(source: Path, *, masks: bool) -> Iterator[Read]:
    """One graph a file; without `masks` trajectories are neither read nor checked. Raises `UnusableSource`."""
    return once(_read(source, masks=masks))


def is_document(path: Path) -> bool:
    """Whether `path` can only be a document, or a folder of them: JSON that says so in its first bytes."""
    files = [path] if path.is_file() else files_below(path, r".*\.json") if path.is_dir() else ()
    return any(SCHEMA_ID.encode() in _head(file) for file in files)


def _head(file: Path, most: int = 4096) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError:
        return b""


def _read(source: Path, *, masks: bool) -> Iterator[Read]:
    files = [source] if source.is_file() else files_below(source, r".*\.json") if source.is_dir() else []
    none = True
    for file in files:
        none = False
        origin = Origin(NAME, file=str(file))
        yield attempt(partial(_imported, file, origin, masks=masks), video_id=file.stem, origin=origin)
    if none:
        where = printable(str(source))
        raise UnusableSource(f"{where}: expected a scene-graph document, or a folder of them (*.json); found none.")


def _imported(file: Path, origin: Origin, *, masks: bool, repairs: Repairs) -> Imported:
    del repairs  # nothing is mended: documents are ours
    try:
        content = parsed(file.read_bytes(), file.name)
    except OSError as error:
        raise NotImportable(Fault.UNREADABLE, f"cannot be read: {error.strerror}.") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA_ID:
        raise NotImportable(
            Fault.FORM, f"expected an object whose `schema` is {SCHEMA_ID}. Give another format by name."
        )
    try:
        return Imported(read_document(_fitted(content, masks=masks)), origin, Counter())
    except InvalidSceneDocument as error:
        raise NotImportable(Fault.FORM, str(error)) from error


def _fitted(content: dict[str, Any], *, masks: bool) -> dict[str, Any]:
    """The document without what `svg2 show` adds, and without trajectories where these are not asked for."""
    fitted = {key: value for key, value in content.items() if key not in _SHOWN}
    if isinstance(content.get("objects"), list):
        fitted["objects"] = [_object(o, masks=masks) for o in content["objects"]]
    return fitted


def _object(told: Any, *, masks: bool) -> Any:
    if not isinstance(told, dict) or not isinstance(told.get("trajectory"), dict):
        return told
    shown = "masks" not in told["trajectory"]
    if shown and masks:
        raise NotImportable(
            Fault.NO_MASKS,
            "its objects have no masks, as `svg2 show --json` prints them. Write it with `svg2 annotate --json DIR`.",
        )
    kept = {key: value for key, value in told.items() if not (shown and key == "level")}
    return kept if masks else kept | {"trajectory": {"frames": [], "boxes": [], "masks": []}}
