"""DeepSORT (Wojke, Bewley, Paulus 2017, arXiv 1703.07402)."""
