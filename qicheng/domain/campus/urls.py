"""Addresses of the room, a block for each of its parts."""

from django.urls import path

from .pages import profile

app_name = "campus"

urlpatterns = [
    path("settings/platform/", profile.profile, name="profile"),
]
