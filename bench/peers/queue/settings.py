"""Settings of the peer: Django, its tasks in the database, and nothing else."""

import os

from qicheng.interfaces.web.settings import _database

SECRET_KEY = "only-for-measuring"
USE_TZ = True
INSTALLED_APPS = ["django_tasks", "django_tasks_db", "bench.peers.queue"]
DATABASES = {"default": _database(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
