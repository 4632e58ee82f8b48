"""Appearance: embeddings of detections, and the galleries of tracks."""
