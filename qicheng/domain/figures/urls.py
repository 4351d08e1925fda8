"""Addresses of the room."""

from django.urls import path

from qicheng.foundation.access import Area

from .pages import home, known, national, rates, standings

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

how_many_are_placed = [
    path("stats/", rates.overview, name="rates"),
    path("stats/people/", rates.people, name="rates_people"),
    path("stats/people/workbook/", rates.people_workbook, name="rates_people_workbook"),
    path("stats/by/<slug:dimension>/", rates.by, name="rates_by"),
    path("stats/by/<slug:dimension>/workbook/", rates.workbook, name="rates_workbook"),
    path("stats/by/<slug:dimension>/report/", rates.report, name="rates_report"),
]

how_it_was_and_the_country = [
    path("gov/figures/", national.national, name="national"),
    path("gov/figures/workbook/", national.national_workbook, name="national_workbook"),
    path("stats/known/<slug:of>/<slug:name>/", known.known, name="known"),
    path("stats/known/<slug:of>/<slug:name>/workbook/", known.known_workbook, name="known_workbook"),
]

app_name = "figures"
urlpatterns = [
    path("home/", home.home, name="home"),
    path("gov/", home.area, name="area"),
    *how_everything_stands,
    *how_many_are_placed,
    *how_it_was_and_the_country,
]
