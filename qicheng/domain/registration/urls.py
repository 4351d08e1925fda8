"""Addresses of the room."""

from django.urls import path

from .pages import cases, employer, graduate

app_name = "registration"
urlpatterns = [
    path("", graduate.home, name="home"),
    path("records/", graduate.records, name="records"),
    path("guide/", graduate.guide, name="guide"),
    path("invites/<uuid:public_id>/", cases.detail, name="detail"),
    path("invites/<uuid:public_id>/agreement.pdf", cases.agreement, name="agreement"),
    path("org/", employer.home, name="employer"),
    path("org/invites/", employer.invitations, name="invitations"),
    path("org/invites/new/", employer.invite, name="invite"),
    path("org/invites/new/<str:found>/", employer.offer, name="offer"),
    path("org/invites/batch/", employer.batches, name="batches"),
    path("org/invites/batch/template.xlsx", employer.batch_template, name="batch_template"),
    path("org/invites/batch/<uuid:public_id>/", employer.batch, name="batch"),
]
