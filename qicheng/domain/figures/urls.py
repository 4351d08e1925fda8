"""Addresses of the room."""

from django.urls import path

from .pages import home, standings

how_everything_stands = [
    path("stats/states/", standings.states, name="states"),
    path("stats/states/workbook/", standings.states_workbook, name="states_workbook"),
    path("stats/destinations/", standings.destinations, name="destinations"),
    path("stats/destinations/workbook/", standings.destinations_workbook, name="destinations_workbook"),
]

app_name = "figures"
urlpatterns = [
    path("home/", home.home, name="home"),
    path("gov/", home.area, name="area"),
    *how_everything_stands,
]
