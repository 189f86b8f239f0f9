"""SA-V masklets: a JSON file of manual and one of automatic masks for each video.

**Layout.** `<video>_manual.json` and `<video>_auto.json` are `{video_id, video_duration, video_frame_count, ...,
masklet, masklet_id, ...}`; `masklet` is a list of annotated frames of lists of compressed COCO RLE, one an id of
`masklet_id`, without a pixel where the thing is not visible (facebookresearch/sam2, sav_dataset). The two files of a
video become one graph: manual ids stay, automatic ones follow them, and the graph's provenance says which is which.

**Times.** Every 4th frame of the video is annotated, 6 of 24 a second: masklet frame k is the video's frame 4k. What
lies between is not known, so a graph's frames are the annotated ones: frame k stands for `[k / 6, (k + 1) / 6)`
seconds, and a graph ends where its last annotated frame does, less than a step after the video. **Boxes**: none.
Masklets have no names and nothing relates them. Files written here have `masklet_name` and `masklet_frame_step`, too.
"""
