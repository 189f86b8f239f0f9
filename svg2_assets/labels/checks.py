"""Checks of the assets `parsed_labels` and `verified_labels`, shown key by key."""

from __future__ import annotations

from svg2_assets.checking import phase_checks

CHECKS = (phase_checks("parsed_labels"), phase_checks("verified_labels"))
