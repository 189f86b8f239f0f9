"""A folder for `datasets` as a format."""

from __future__ import annotations

from svg2_assets.scene_graphs.formats.huggingface.writing import Writing, write
from svg2_assets.scene_graphs.formats.values import Format

FORMAT = Format(
    name="huggingface",
    title="Hugging Face: a folder of parquet files that `datasets` loads, and a data-set card",
    write=write,
    writing=Writing,
    lost_out=("Nothing of a graph; the videos themselves are not in it.",),
)
