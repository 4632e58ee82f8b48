"""OC-SORT (Cao, Pang, Weng, Khirodkar, Kitani 2023, arXiv 2203.14360)."""
