"""The flows of this room, one file each."""
