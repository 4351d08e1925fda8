"""Addresses of the room."""

from django.urls import path

from .pages import home

app_name = "figures"
urlpatterns = [
    path("home/", home.home, name="home"),
    path("gov/", home.area, name="area"),
]
