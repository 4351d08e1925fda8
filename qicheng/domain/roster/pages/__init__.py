"""Pages of the room: what graduates check of themselves, what staff see of them, how rosters come in."""
