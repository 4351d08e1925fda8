"""The tables of the room, a file for each of its parts; here they are all together."""

from .made import MadeForm, MadeVersion, Purpose
from .profile import EXCLUDING, NEEDING, PRESETS, Part, Profile

__all__ = ["EXCLUDING", "NEEDING", "PRESETS", "MadeForm", "MadeVersion", "Part", "Profile", "Purpose"]
