"""Table 3 of Attention Is All You Need, again in small: one size at a time."""
