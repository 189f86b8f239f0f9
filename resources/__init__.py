"""Everything with a connection, a key or weights."""
