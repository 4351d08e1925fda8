"""Addresses of the room."""

from django.urls import path

from .pages import graduate, staff, training, uploads

app_name = "roster"
urlpatterns = [
    path("me/check/", graduate.check, name="check"),
    path("me/profile/", graduate.profile, name="profile"),
    path("students/", staff.students, name="students"),
    path("students/workbook/", staff.workbook, name="workbook"),
    path("students/removed/", staff.removed, name="removed"),
    path("students/remove/", staff.remove_many, name="remove_many"),
    path("students/<uuid:public_id>/", staff.detail, name="detail"),
    path("students/<uuid:public_id>/remove/", staff.remove, name="remove"),
    path("students/<uuid:public_id>/restore/", staff.restore, name="restore"),
    path("students/<uuid:public_id>/report/", staff.report, name="report"),
    path("students/<uuid:public_id>/training/", training.change, name="training"),
    path("log/training/", training.log, name="training_log"),
    path("log/training/workbook/", training.workbook, name="training_workbook"),
    path("imports/", uploads.uploads, name="uploads"),
    path("imports/template.xlsx", uploads.template, name="template"),
    path("imports/<uuid:public_id>/", uploads.upload, name="upload"),
    path("imports/<uuid:public_id>/refused.xlsx", uploads.refused, name="refused"),
    path("imports/<uuid:public_id>/write/", uploads.decide, {"verdict": "write"}, name="write"),
    path("imports/<uuid:public_id>/drop/", uploads.decide, {"verdict": "drop"}, name="drop"),
]
