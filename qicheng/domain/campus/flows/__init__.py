"""The flows of the room; what several have in common is in `acts`."""
