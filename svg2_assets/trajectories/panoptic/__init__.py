"""Panoptic tracking: class-agnostic masks, online discovery, offline completion; over any segmenter and tracker."""
