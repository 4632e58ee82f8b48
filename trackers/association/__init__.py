"""Association: which track and which detection may belong together, and which do."""
