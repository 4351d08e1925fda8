"""Pictures and PDFs that people bring as proof: never kept as they came, but made again, clean, upright and small enough."""

from qicheng.foundation.kit.proofs.door import LIMITS, Busy, Limits, Part, Remade, Unreadable, kind_of, remake

__all__ = ["LIMITS", "Busy", "Limits", "Part", "Remade", "Unreadable", "kind_of", "remake"]
