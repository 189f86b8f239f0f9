"""The released SVG2 data set: parquet files of scene graphs, and parquet files of masks beside them.

**Layout.** `data/<group>/<source>/*.parquet` with the columns `video_id, source, objects, relationships` (the last two
JSON text), `masks/<group>/<source>/*.parquet` with `video_id, num_frames, mask_height, mask_width, num_objects,
counts`; `counts` is frame-major: entry `f * num_objects + o` is object o on frame f. Groups: raw, cleaned,
sam3_output, academic_datasets, SVG2_test (specification §8.1).

**Times.** Training convention (raw, cleaned, academic): whole seconds, both ends included; `[a, b]` holds in
`[a, b + 1)`. Test convention (SVG2_test): half-open seconds, in halves as released, written as they are; attributes
with types, and levels of parts. **Boxes**: none; masks are compressed COCO RLE of `mask_height` x `mask_width`. Nothing
says a frame rate: it is the option `fps`, else that of its source (SA-V 24, VIPSeg 6, LV-VIS and OVIS 5 frames a
second), else that of the video's file.
"""
