"""The same work done by others, to measure against; nothing of the product runs through these."""
