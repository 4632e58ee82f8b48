"""Stand-ins for other trackers: their documented surface, our algorithm."""
