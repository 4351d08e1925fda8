"""The tables of the room, a file for each of its parts; here they are all together."""

from .applications import Application, Levels
from .changes import Amendment, DestinationAmendment, FileAmendment
from .consents import Consent, Deferral, OneChange
from .files import FileRegistration
from .made import MadeForm, MadeVersion, Purpose
from .news import NewsItem, NewsKind
from .offices import OfficeKind, Pattern, ReceivingOffice, ReceivingRule
from .personal import PersonalInformation, Supplement
from .plan import Plan, PlanLine
from .profile import EXCLUDING, NEEDING, PRESETS, Part, Profile
from .questionnaires import Answer, AnswerState

__all__ = [
    "EXCLUDING", "NEEDING", "PRESETS", "Amendment", "Answer", "AnswerState", "Application", "Consent", "Deferral", "DestinationAmendment", "FileAmendment", "FileRegistration", "Levels", "MadeForm",
    "MadeVersion", "NewsItem", "NewsKind", "OfficeKind", "OneChange", "Part", "Pattern", "PersonalInformation", "Plan", "PlanLine", "Profile", "Purpose", "ReceivingOffice", "ReceivingRule", "Supplement",
]  # fmt: skip
