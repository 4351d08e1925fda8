"""The lists behind the tables of the room, a file for each of its parts."""
