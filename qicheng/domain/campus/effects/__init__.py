"""What acts of the room change, a file for each of its parts."""
