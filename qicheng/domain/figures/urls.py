"""Addresses of the room."""

from django.urls import path

from . import pages

app_name = "figures"
urlpatterns = [
    path("home/", pages.home, name="home"),
    path("gov/", pages.area, name="area"),
]
