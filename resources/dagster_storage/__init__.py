"""Dagster's own storage on this machine's disk, with connections that are kept."""
