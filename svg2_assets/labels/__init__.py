"""Phase 2b: a name and typed attributes per object, and whether independent evidence supports them."""
