"""What the room writes: counters, and nothing of anybody else's."""
