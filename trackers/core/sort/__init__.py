"""SORT (Bewley, Ge, Ott, Ramos, Upcroft 2016, arXiv 1602.00763)."""
