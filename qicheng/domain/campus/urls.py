"""Addresses of the room, a block for each of its parts."""

from django.urls import path

from .pages import consents, offices, prints, profile

app_name = "campus"

receiving_offices = [
    path("gov/offices/", offices.offices, name="offices"),
    path("gov/offices/<str:place>/", offices.office, name="office"),
]

urlpatterns = [
    *receiving_offices,
    path("settings/platform/", profile.profile, name="profile"),
    path("campus/papers/", prints.papers, name="papers"),
    path("campus/papers/<uuid:public_id>/", prints.case_papers, name="case_papers"),
    path("campus/papers/<slug:form>/<uuid:public_id>.pdf", prints.print_, name="print"),
    path("campus/deferrals/", consents.deferrals, name="deferrals"),
    path("campus/deferrals/<uuid:public_id>/", consents.deferral, name="deferral"),
    path("campus/destination-changes/", consents.one_changes, name="one_changes"),
    path("campus/destination-changes/<uuid:public_id>/", consents.one_change, name="one_change"),
]
