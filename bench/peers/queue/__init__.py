"""The same empty job in django-tasks-db."""
