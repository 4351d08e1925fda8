"""The app of the pages: their static files and base templates."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "qicheng.interfaces.web"
    label = "web"
