"""Other people's programs that can run these trackers from the inside."""
