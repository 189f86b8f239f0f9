"""The vocabulary: masks, spans, trajectories, objects, relations, scene graphs. Pure values, no I/O."""
