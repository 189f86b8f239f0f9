"""TRASER: from a video and the trajectories of its objects to the text of a scene graph.

`presets`, `sampling`, `selection`, `windows`, `arrangement` and `budget` know numpy alone; `network`, `training` and
`generation` need torch and are imported where they are used.
"""
