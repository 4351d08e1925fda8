"""The app of messages."""

from django.apps import AppConfig


class NoticeConfig(AppConfig):
    name = "qicheng.foundation.notice"
    label = "notice"
