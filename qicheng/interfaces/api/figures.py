"""Figures: the tables of states, added up from the lists that they link to (STA-01, STA-03)."""

from ninja import Router


def router() -> Router:
    """The tables."""
    return Router(tags=["统计"])
