"""A folder of scene-graph documents as graphs by video id, read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.document_files import UnreadableDocument, documents_at, read_document
from svg2_assets.scene_graphs.formats.values import Fault, UnusableSource


class UnusableFolder(Svg2Error):
    """A folder of graphs that is not there, or holds none."""


class Documents(Mapping[str, SceneGraph]):
    """The files `<video id>.json` of `folder`, not of folders in it. Reading one raises `UnreadableDocument`, which
    names it.

    Raises `UnusableFolder`.
    """

    def __init__(self, folder: Path) -> None:
        where = printable(str(folder))
        if not folder.is_dir():
            raise UnusableFolder(f"{where}: there is no such folder of scene-graph documents.")
        try:
            self.files = {p.stem: p for p in documents_at(folder) if p.parent == folder}
        except UnusableSource as error:
            raise UnusableFolder(str(error)) from error
        if not self.files:
            raise UnusableFolder(
                f"{where}: holds no scene-graph document <video id>.json itself, only folders of it do."
            )

    def __getitem__(self, video_id: str) -> SceneGraph:
        path = self.files[video_id]
        graph = read_document(path, masks=True)
        if graph.video.id != video_id:
            detail = f"is the graph of {printable(graph.video.id)}. Call the file by the id of its video."
            raise UnreadableDocument(path, Fault.CONTRADICTION, detail)
        return graph

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)
