"""Appearance: what a detection looks like, and what a track remembers of it."""
