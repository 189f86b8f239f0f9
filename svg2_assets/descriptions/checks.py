"""Checks of the asset `descriptions`, shown key by key."""

from __future__ import annotations

from svg2_assets.checking import phase_checks

CHECKS = (phase_checks("descriptions"),)
