"""What the forms of the room ask, a file for each of its parts."""
