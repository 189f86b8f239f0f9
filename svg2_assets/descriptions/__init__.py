"""Phase 2a: what each trajectory looks like, in words and facts."""
