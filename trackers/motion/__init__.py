"""Motion: constant-velocity Kalman filters over all tracks at once."""
