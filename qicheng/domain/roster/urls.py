"""Addresses of the room."""

from django.urls import path

from .pages import graduate, records, staff, training, uploads, wechat

app_name = "roster"
urlpatterns = [
    path("me/check/", graduate.check, name="check"),
    path("me/profile/", graduate.profile, name="profile"),
    path("students/", staff.students, name="students"),
    path("students/workbook/", staff.workbook, name="workbook"),
    path("students/wechat/", wechat.bindings, name="bindings"),
    path("students/wechat/workbook/", wechat.workbook, name="bindings_workbook"),
    path("students/wechat/ask/", wechat.ask, name="ask_to_bind"),
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
    path("imports/records/", records.uploads, name="record_uploads"),
    path("imports/records/template.xlsx", records.template, name="record_template"),
    path("imports/records/<uuid:public_id>/", records.upload, name="record_upload"),
    path("imports/records/<uuid:public_id>/refused.xlsx", records.refused, name="record_refused"),
    path("imports/records/<uuid:public_id>/write/", records.decide, {"verdict": "write"}, name="record_write"),
    path("imports/records/<uuid:public_id>/drop/", records.decide, {"verdict": "drop"}, name="record_drop"),
    path("imports/<uuid:public_id>/", uploads.upload, name="upload"),
    path("imports/<uuid:public_id>/refused.xlsx", uploads.refused, name="refused"),
    path("imports/<uuid:public_id>/write/", uploads.decide, {"verdict": "write"}, name="write"),
    path("imports/<uuid:public_id>/drop/", uploads.decide, {"verdict": "drop"}, name="drop"),
]
