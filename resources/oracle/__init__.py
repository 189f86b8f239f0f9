"""A segmenter and a tracker that know the truth and err on purpose: algorithms are measured apart from any weights."""
