"""What acts and pages do to organisations: one file for each kind of change."""

from qicheng.domain.orgs.effects.sessions import spend

__all__ = ["spend"]
