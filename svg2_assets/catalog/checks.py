"""Checks of the asset `videos`, shown key by key."""

from __future__ import annotations

from svg2_assets.checking import phase_checks

CHECKS = (phase_checks("videos"),)
