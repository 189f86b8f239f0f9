"""Phase 1: who is where. A mask per object per frame."""
