"""Scene graphs from anywhere against true ones: sources, pairs of videos, figures of several systems, tables.

Start at `evaluating.evaluate`.
"""
