"""The app of the room."""

from django.apps import AppConfig


class FiguresConfig(AppConfig):
    name = "qicheng.domain.figures"
    label = "figures"
