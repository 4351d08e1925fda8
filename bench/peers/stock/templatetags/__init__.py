"""The peer's template filters."""
