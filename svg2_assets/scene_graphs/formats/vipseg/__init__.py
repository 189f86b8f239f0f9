"""VIPSeg: a picture of segments for each frame, and one JSON file, or pictures that say categories themselves.

**Layout.** In COCO's form, which the data set's own scripts make, `panoptic_gt_VIPSeg*.json` is `{"videos":
[{"video_id", "images": [{"id", "width", "height", "file_name"}]}], "annotations": [{"video_id", "annotations":
[{"image_id", "file_name", "segments_info": [{"id", "category_id", "iscrowd", "area"}]}]}], "categories": [{"id",
"name", "isthing"}]}`; `panomasksRGB/<video>/<file_name>` is a PNG in which a pixel's segment is R + 256 G + 256² B, 0
is void, and a segment has the same id on all frames of a video. As released, `panomasks/<video>/*.png` are grey: 0
void, below 125 stuff of that category, else a thing of category value // 100; categories count from 1 there, and from
0 in `panoVIPSeg_categories.json`, which is needed beside (VIPSeg-Dataset/VIPSeg-Dataset, commit 92e1459; the values
are read by `evaluation.public.vipseg` and `panoptic`).

**Times.** Frames count from 0 in the order of the list, or of the names of files. VIPSeg's are 6 a second as SVG2 takes
them (`clock.USUAL_RATES`): frame i stands for `[i / 6, (i + 1) / 6)`. **Boxes**: none. A pixel belongs to one segment
at most. Files written here have a member `svg2_video` in a video, too:
its id (`video_id` is the name of its folder), rate and origin, and the objects of its segments.
"""
