"""Reads of the room, a file for each of its parts."""
