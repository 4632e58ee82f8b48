"""The trackers, one folder each; siblings do not import each other."""
