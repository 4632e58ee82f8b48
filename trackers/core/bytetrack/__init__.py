"""ByteTrack (Zhang and others 2022, arXiv 2110.06864)."""
