"""Scene-graph documents in files: which there are at a path, and the graph in one. Whoever reads documents reads here.

What `svg2 show --json` prints is a document without masks: it will do where no masks are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from svg2_assets.scene.document import SCHEMA_ID, InvalidSceneDocument, parse, read
from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.files import files_below
from svg2_assets.scene_graphs.formats.values import Fault, UnusableSource

WRITE_THEM = "Write them with `svg2 annotate --json DIR`."
_PATTERN = r".*\.json"
_SHOWN = ("previews", "source")  # what `svg2 show` prints beside the document


class UnreadableDocument(InvalidSceneDocument):
    """A file that is no document of use: `file`, what kind of `fault` it has, and in words why, in `detail`."""

    def __init__(self, file: Path, fault: Fault, detail: str) -> None:
        self.file, self.fault, self.detail = file, fault, detail
        super().__init__(f"{printable(str(file))}: {detail}")


def documents_at(path: Path) -> Iterator[Path]:
    """`path` itself where it is a file, else the files `*.json` below it in order, hidden ones left out.

    Raises `UnusableSource` where there is none.
    """
    where = printable(str(path))
    if not path.exists():
        raise UnusableSource(
            f"{where}: there is no such file or folder. Give a scene-graph document or a folder of them."
        )
    none = True
    for file in files_below(path, _PATTERN) if path.is_dir() else (path,):
        none = False
        yield file
    if none:
        raise UnusableSource(f"{where}: holds no scene-graph document (*.json). {WRITE_THEM}")


def is_document(path: Path) -> bool:
    """Whether `path` can only be a document, or a folder of them: JSON that says so in its first bytes."""
    files = [path] if path.is_file() else files_below(path, _PATTERN) if path.is_dir() else ()
    return any(SCHEMA_ID.encode() in _head(file) for file in files)


def read_document(file: Path, *, masks: bool) -> SceneGraph:
    """The graph in `file`; without `masks` trajectories are neither read nor checked. Raises `UnreadableDocument`."""
    try:
        content = parse(file.read_bytes())
    except OSError as error:
        raise UnreadableDocument(file, Fault.UNREADABLE, f"cannot be read: {error.strerror}.") from error
    except InvalidSceneDocument as error:
        raise UnreadableDocument(file, Fault.NOT_JSON, str(error)) from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA_ID:
        detail = f"expected an object whose `schema` is {SCHEMA_ID}. {WRITE_THEM} Other formats: `svg2 formats`."
        raise UnreadableDocument(file, Fault.FORM, detail)
    if masks and any(_is_shown(o) for o in _objects(content)):
        detail = f"its objects have no masks, as `svg2 show --json` prints them. {WRITE_THEM}"
        raise UnreadableDocument(file, Fault.NO_MASKS, detail)
    try:
        return read(_fitted(content, masks=masks))
    except InvalidSceneDocument as error:
        raise UnreadableDocument(file, Fault.FORM, str(error)) from error


def _head(file: Path, most: int = 4096) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(most)
    except OSError:
        return b""


def _objects(content: dict[str, Any]) -> list[Any]:
    listed = content.get("objects")
    return listed if isinstance(listed, list) else []


def _is_shown(told: Any) -> bool:
    """Whether an object is as `svg2 show` prints it: with a trajectory that has no masks."""
    trajectory = told.get("trajectory") if isinstance(told, dict) else None
    return isinstance(trajectory, dict) and "masks" not in trajectory


def _fitted(content: dict[str, Any], *, masks: bool) -> dict[str, Any]:
    """The document without what `svg2 show` adds, and without trajectories where these are not asked for."""
    fitted = {key: value for key, value in content.items() if key not in _SHOWN}
    if isinstance(content.get("objects"), list):
        fitted["objects"] = [o if masks else _without_masks(o) for o in _objects(content)]
    return fitted


def _without_masks(told: Any) -> Any:
    if not isinstance(told, dict) or not isinstance(told.get("trajectory"), dict):
        return told
    kept = {key: value for key, value in told.items() if not (_is_shown(told) and key == "level")}
    return kept | {"trajectory": {"frames": [], "boxes": [], "masks": []}}
