"""Addresses of the room."""

from django.urls import path

from .pages import cases, choosing, dissolution, employer, graduate, own, redirecting, staff

app_name = "registration"
urlpatterns = [
    path("", graduate.home, name="home"),
    path("records/", graduate.records, name="records"),
    path("guide/", graduate.guide, name="guide"),
    path("go/", choosing.go, name="go"),
    path("go/guide/", choosing.go_guide, name="go_guide"),
    path("go/find/", choosing.go_find, name="go_find"),
    path("go/offline/new/", own.new, {"flow": "offline_signing"}, name="offline_new"),
    path("go/paper/new/", own.new, {"flow": "supplementary"}, name="paper_new"),
    path("go/new/<slug:kind>/", own.new, {"flow": "destination"}, name="destination_new"),
    path("go/<uuid:public_id>/", own.fill_in, name="fill_in"),
    path("go/<uuid:public_id>/check/", own.check, name="check"),
    path("go/<slug:group>/", choosing.go_group, name="go_group"),
    path("invites/<uuid:public_id>/", cases.detail, name="detail"),
    path("invites/<uuid:public_id>/agreement.pdf", cases.agreement, name="agreement"),
    path("invites/<uuid:public_id>/terminate/", dissolution.ask, name="dissolve"),
    path("terminate/<uuid:public_id>/", dissolution.detail, name="dissolution"),
    path("org/terminations/", dissolution.terminations, name="terminations"),
    path("org/", employer.home, name="employer"),
    path("org/invites/", employer.invitations, name="invitations"),
    path("org/invites/new/", employer.invite, name="invite"),
    path("org/invites/new/<str:found>/", employer.offer, name="offer"),
    path("org/invites/batch/", employer.batches, name="batches"),
    path("org/invites/batch/template.xlsx", employer.batch_template, name="batch_template"),
    path("org/invites/batch/<uuid:public_id>/", employer.batch, name="batch"),
    path("review/", staff.review, name="review"),
    path("review/next/", staff.next_case, name="next_case"),
    path("review/workbook/", staff.review_workbook, name="review_workbook"),
    path("review/batch/", staff.batch, name="review_batch"),
    path("review/batch/done/", staff.batch_done, name="review_batch_done"),
    path("review/<uuid:public_id>/", staff.review_case, name="review_case"),
    path("review/<uuid:public_id>/redirect/", redirecting.redirection, name="redirect"),
    path("review/<uuid:public_id>/status/", staff.review_status, name="review_status"),
    path("lists/", staff.lists, name="lists"),
    path("lists/voided/<uuid:public_id>/", staff.voided, name="voided"),
    path("lists/<slug:name>/", staff.list_, name="list"),
    path("lists/<slug:name>/workbook/", staff.list_workbook, name="list_workbook"),
]
