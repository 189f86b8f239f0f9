"""Spatio-temporal scene graphs from video, as an orchestrated data-asset platform."""

__version__ = "0.1.0"
