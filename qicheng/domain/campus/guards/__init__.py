"""Rules against acts of the room: None, or the reason in the words of whoever reads it."""
