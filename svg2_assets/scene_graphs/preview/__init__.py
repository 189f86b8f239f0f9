"""What a person looks at: a contact sheet, an overlay video and a relation timeline of each scene graph."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from pathlib import Path

from svg2_assets.scene.errors import PhaseError
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.streams import ahead
from svg2_assets.scene.video import FrameSource, Pixels
from svg2_assets.scene_graphs.preview.clip import ClipPage
from svg2_assets.scene_graphs.preview.encoding import reel
from svg2_assets.scene_graphs.preview.files import PreviewKind, preview_paths, replacing, write_picture
from svg2_assets.scene_graphs.preview.moments import moments, playback, sheet_grid
from svg2_assets.scene_graphs.preview.overlay import shown_by_frame
from svg2_assets.scene_graphs.preview.sheet import ContactSheet, cells_of
from svg2_assets.scene_graphs.preview.timeline import draw_timeline

__all__ = ["PreviewKind", "preview_paths", "write_previews"]


def write_previews(source: FrameSource, graph: SceneGraph, folder: Path) -> dict[PreviewKind, Path]:
    """Write the contact sheet (JPEG), overlay video (mp4) and timeline (PNG) of `graph` under `folder`.

    The frames come in one pass of `source`, a few of them ahead. Files are named by the video's id, each appears whole
    or not at all, and one that is there is replaced. Raises `PhaseError` when `source` shows another video,
    `VideoError` when it does not decode, `OSError` when the folder cannot be written.
    """
    if source.video.id != graph.video.id:
        raise PhaseError(
            video=graph.video.uri,
            phase="scene_graphs",
            expected=f"the frames of video {graph.video.id}",
            found=f"those of {source.video.id}",
        )
    folder.mkdir(parents=True, exist_ok=True)
    paths = preview_paths(folder, graph.video.id)
    with replacing(paths[PreviewKind.VIDEO]) as unfinished:
        sheet = _write_video(source, graph, unfinished)
    write_picture(paths[PreviewKind.SHEET], sheet)
    write_picture(paths[PreviewKind.TIMELINE], draw_timeline(graph))
    return paths


def _write_video(source: FrameSource, graph: SceneGraph, path: Path) -> Pixels:
    """Write the overlay video to `path`; the contact sheet is made of frames of the same pass and returned."""
    chosen = moments(graph, sheet_grid(graph.video), count=cells_of(graph.video))
    plan = playback(graph.video)
    played, sheet, page = Counter(plan.frames), ContactSheet(graph, chosen), ClipPage(graph)
    wanted = sorted({*chosen, *played})
    shown = shown_by_frame(graph, set(wanted))
    height = max(page.picture[1], sheet.picture[1])
    picked = source.pick(wanted, height=height if height < graph.video.height else None)
    with reel(path, size=page.size, rate=plan.rate) as output, closing(ahead(picked)) as frames:
        for frame in frames:
            if frame.index in chosen:
                sheet.add(frame, shown[frame.index])
            if frame.index in played:
                output.add(page.draw(frame, shown[frame.index]), times=played[frame.index])
    return sheet.page()
