"""Describe Anything (NVlabs), through its own server."""
