"""The papers of a case as a Django application."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "qicheng.foundation.papers"
    label = "papers"
    verbose_name = "文件"
