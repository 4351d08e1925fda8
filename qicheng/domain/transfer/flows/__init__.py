"""Applications to change a record, one flow an area; what they have in common is in `acts`."""
