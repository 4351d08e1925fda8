"""The app of the room."""

from django.apps import AppConfig


class RosterConfig(AppConfig):
    name = "qicheng.domain.roster"
    label = "roster"
