"""Panoptic maps of systems against true ones: pictures as data sets publish them, and scene graphs."""
