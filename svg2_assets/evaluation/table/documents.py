"""A folder of scene-graph documents as graphs by video id, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from svg2_assets.scene.document import InvalidSceneDocument, read
from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.graph import SceneGraph


class UnusableFolder(Svg2Error):
    """A folder of graphs that is not there, or holds none."""


class Documents(Mapping[str, SceneGraph]):
    """The files `<video id>.json` of `folder`. Reading one raises `InvalidSceneDocument`, which names it.

    Raises `UnusableFolder`.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UnusableFolder(f"{printable(str(folder))}: there is no such folder of scene-graph documents.")
        self.files = {p.stem: p for p in sorted(folder.glob("*.json")) if not p.name.startswith(".")}
        if not self.files:
            raise UnusableFolder(f"{printable(str(folder))}: holds no scene-graph document <video id>.json.")

    def __getitem__(self, video_id: str) -> SceneGraph:
        path = self.files[video_id]
        where = printable(str(path))
        try:
            graph = read(path.read_bytes())
        except InvalidSceneDocument as error:
            raise InvalidSceneDocument(f"{where}: {error}") from error
        except OSError as error:
            raise InvalidSceneDocument(f"{where}: cannot be read ({error.strerror})") from error
        if graph.video.id != video_id:
            raise InvalidSceneDocument(
                f"{where}: is the graph of {printable(graph.video.id)}. Call the file by the id of its video."
            )
        return graph

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)
