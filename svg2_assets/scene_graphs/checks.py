"""Checks of the asset `scene_graphs`, shown key by key."""

from __future__ import annotations

from svg2_assets.checking import phase_checks

CHECKS = (phase_checks("scene_graphs"),)
