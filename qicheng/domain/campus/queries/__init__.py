"""Reads that more than one page of the room needs, a file for each of its parts."""
