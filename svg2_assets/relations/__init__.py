"""Phase 3: timed relations between objects, in seven categories."""
