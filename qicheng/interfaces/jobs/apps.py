"""The app of the jobs; procrastinate finds its tasks in `tasks`."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "qicheng.interfaces.jobs"
    label = "jobs"
