"""BoT-SORT (Aharon, Orfaig, Bobrovsky 2022, arXiv 2206.14651)."""
