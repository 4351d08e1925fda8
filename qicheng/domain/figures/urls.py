"""Addresses of the room."""

from django.urls import path

from qicheng.foundation.access import Area

from .pages import home, standings

how_everything_stands = [
    path("stats/states/", standings.states, name="states"),
    path("stats/states/workbook/", standings.states_workbook, name="states_workbook"),
    path("stats/destinations/", standings.destinations, name="destinations"),
    path("stats/destinations/workbook/", standings.destinations_workbook, name="destinations_workbook"),
    # Within the modules whose figures they are, as the guide has them.
    path("confirm/figures/", standings.confirmations, name="confirmations"),
    path("confirm/figures/workbook/", standings.confirmations_workbook, name="confirmations_workbook"),
    *(
        path(f"files/{area}/figures/", standings.files, {"area": area}, name=f"{area}_figures")
        for area in (Area.ARCHIVE, Area.HOUSEHOLD)
    ),
    *(
        path(
            f"files/{area}/figures/workbook/", standings.files_workbook, {"area": area}, name=f"{area}_figures_workbook"
        )
        for area in (Area.ARCHIVE, Area.HOUSEHOLD)
    ),
]

app_name = "figures"
urlpatterns = [
    path("home/", home.home, name="home"),
    path("gov/", home.area, name="area"),
    *how_everything_stands,
]
