"""Which videos there are, and whether they decode."""
