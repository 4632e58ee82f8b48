"""What the command line does, as functions: track, embed, benchmark, tune, report."""
