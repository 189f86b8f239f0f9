"""A folder that the `datasets` library of Hugging Face loads: parquet files and a data-set card. Written, not read.

**Layout.** `data/<split>-00000-of-00001.parquet` and `README.md`, whose YAML names the files (`configs`). A row is a
video with its objects and relations; the types of columns are in the files' schema metadata under `huggingface`, as
`datasets` writes them (`features.py`), so that loading needs no script. Masks are compressed COCO RLE, `size` being the
row's `height` and `width`; `provenance` is JSON text. Nothing of a graph is lost.

**Times**: half-open seconds `[start, end)`; `frames` are indices from 0. **Boxes**: none; they follow from masks.
"""
