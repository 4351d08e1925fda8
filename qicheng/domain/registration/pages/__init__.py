"""Pages of the room: one module for each kind of people, and `cases` for what all of them open."""
