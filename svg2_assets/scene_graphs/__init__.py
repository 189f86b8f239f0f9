"""The assembled graph of each video, its previews, its formats and statistics."""
