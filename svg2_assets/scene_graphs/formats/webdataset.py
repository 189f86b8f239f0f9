"""WebDataset: tar files of samples, a scene-graph document a video and, if wanted, the video. Written, not read.

**Layout.** `<name>-000000.tar` holds, sample by sample, `<key>.json` and `<key>.<suffix of the video's file>`: files
that follow each other and are called alike up to the first point are one sample (webdataset/webdataset,
`tariterators`). The key is the video's id, in which all but letters, digits, `-` and `_` becomes `%XX`. The document is
that of `svg2 schema` (`svg2-assets/scene-graph/1`), in which masks are compressed COCO RLE; nothing of a graph is lost.

**Times**: half-open seconds `[start, end)`; frames are indices from 0. **Boxes**: `[x, y, width, height]` in pixels.
Files are the same whenever the graphs are: no times of day, no owners.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pydantic import Field

from svg2_assets.catalog.intake import VIDEO_SUFFIXES
from svg2_assets.scene import document
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.files import file_name, whole_folder
from svg2_assets.scene_graphs.formats.values import Format, Loss, WriteOptions, Written

NAME = "webdataset"


class Writing(WriteOptions):
    """Options. `name` of the files; `shard` videos and `shard_mib` MiB are the most of one, whichever comes first;
    `videos`: put the video beside its graph, where its file is on this machine."""

    name: str = "shard"
    shard: int = Field(default=1000, ge=1)
    shard_mib: int = Field(default=1024, ge=1)
    videos: bool = False


@dataclass(slots=True)
class _Shards:
    """Tar files of bounded size; a further one begins with a sample, never within one."""

    folder: Path
    options: Writing
    stack: ExitStack = field(default_factory=ExitStack)
    file: tarfile.TarFile | None = None
    number: int = 0
    samples: int = 0

    def for_sample(self) -> tarfile.TarFile:
        """The file that takes the next sample."""
        full = self.samples >= self.options.shard
        if self.file is None or full or self.file.offset >= self.options.shard_mib << 20:
            self.stack.close()
            name = f"{file_name(self.options.name)}-{self.number:06d}.tar"
            opened = tarfile.open(self.folder / name, "w")  # noqa: SIM115 - the stack closes it
            self.file = self.stack.enter_context(opened)
            self.number, self.samples = self.number + 1, 0
        self.samples += 1
        return self.file


def write(graphs: Iterable[SceneGraph], target: Path, options: Writing) -> Written:
    """Write `<target>/<name>-000000.tar` and so on. Raises `UnusableTarget` where one is there already: an export of
    this format is not resumed.
    """
    lost: Counter[Loss] = Counter()
    videos = 0
    with whole_folder(target, [f"{file_name(options.name)}-*.tar"]) as folder:
        shards = _Shards(folder, options)
        with shards.stack:
            for graph in graphs:
                videos += 1
                shard, key = shards.for_sample(), key_of(graph.video.id)
                text = json.dumps(document.write(graph), ensure_ascii=False, allow_nan=False).encode()
                _add(shard, f"{key}.json", io.BytesIO(text), len(text))
                lost[Loss.VIDEO] += options.videos and not _add_video(shard, key, graph.video.uri)
    return Written(videos=videos, files=shards.number, lost=+lost)


def key_of(video_id: str) -> str:
    """What a sample is called: the id in letters, digits, `-`, `_` and `%`, different for different ids."""
    return file_name(video_id).replace(".", "%2E")


def _add(shard: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    shard.addfile(entry, content)
    shard.members.clear()  # type: ignore[attr-defined] # it would keep every entry until the file is closed


def _add_video(shard: tarfile.TarFile, key: str, uri: str) -> bool:
    """Whether the video's file is there, and was added."""
    path = Path(uri)
    if path.suffix.lower() not in VIDEO_SUFFIXES or not path.is_file():
        return False
    with path.open("rb") as content:
        _add(shard, key + path.suffix.lower(), content, os.fstat(content.fileno()).st_size)
    return True


FORMAT = Format(
    name=NAME,
    title="WebDataset: tar files of scene-graph documents, with the videos if wanted",
    write=write,
    writing=Writing,
    lost_out=(
        "Nothing of a graph.",
        "Videos, unless they are asked for (--set videos=true) and their files are on this machine.",
    ),
)
