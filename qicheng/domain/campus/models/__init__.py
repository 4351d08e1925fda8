"""The tables of the room, a file for each of its parts; here they are all together."""

from .consents import Consent, Deferral, OneChange
from .files import FileRegistration
from .made import MadeForm, MadeVersion, Purpose
from .news import NewsItem, NewsKind
from .personal import PersonalInformation, Supplement
from .profile import EXCLUDING, NEEDING, PRESETS, Part, Profile

__all__ = [
    "EXCLUDING", "NEEDING", "PRESETS", "Consent", "Deferral", "FileRegistration", "MadeForm", "MadeVersion", "NewsItem", "NewsKind", "OneChange", "Part", "PersonalInformation", "Profile", "Purpose", "Supplement",
]  # fmt: skip
