"""Addresses of the room, a block for each of its parts."""

from __future__ import annotations

from django.urls import path, register_converter

from qicheng.foundation.access import Area

from .effects import reports as effects
from .pages import (
    batches,
    confirmation,
    files,
    letters,
    mailing,
    records,
    reports,
    reviewing,
    uploads,
    verification,
    verifying,
)


class ModuleConverter:
    """The part of an address that names one of the modules file and household."""

    regex = "archive|household"

    def to_python(self, value: str) -> Area:
        return Area(value)

    def to_url(self, value: Area | str) -> str:
        return str(value)


register_converter(ModuleConverter, "area")
MODULE = "files/<area:area>/"

records_of_file_and_household = [
    path("files/", files.files, name="files"),
    path("files/types/", files.types, name="types"),
    path(f"{MODULE}change/", files.change, name="change"),
    path(f"{MODULE}changes/<uuid:public_id>/fill/", files.fill_in, name="fill_in"),
    *(
        path(f"files/{area}/changes/<uuid:public_id>/", files.application, {"area": area}, name=f"{area}_change")
        for area in (Area.ARCHIVE, Area.HOUSEHOLD)
    ),
    path(MODULE, records.module, name="module"),
    path(f"{MODULE}review/", reviewing.review, name="review"),
    path(f"{MODULE}review/next/", reviewing.next_, name="next"),
    path(f"{MODULE}review/workbook/", reviewing.review_workbook, name="review_workbook"),
    path(f"{MODULE}review/batch/", reviewing.batch, name="review_batch"),
    path(f"{MODULE}review/batch/done/", reviewing.batch_done, name="review_batch_done"),
    *(path(f"{MODULE}{name}/", records.list_, {"name": name}, name=name) for name in records.LISTS),
    *(
        path(f"{MODULE}{name}/workbook/", records.list_workbook, {"name": name}, name=f"{name}_workbook")
        for name in records.LISTS
    ),
    path(f"{MODULE}records/<uuid:public_id>/", records.record, name="record"),
    path(f"{MODULE}records/<uuid:public_id>/edit/", records.edit, name="edit_record"),
    path(f"{MODULE}records/<uuid:public_id>/clear/", records.clear, name="clear_record"),
]

BY_POST = {"area": Area.ARCHIVE}

archives_by_post = [
    path("files/mail/", mailing.mail, name="mail"),
    path("files/mail/<uuid:public_id>/", mailing.mailing, name="mailing"),
    path("files/mail/workbook/", letters.requests_workbook, BY_POST, name="mail_workbook"),
    path("files/mail/take/", letters.take, BY_POST, name="mail_take"),
    path("files/mail/check/", letters.check, BY_POST, name="mail_check"),
    path("files/mail/check/workbook/", letters.check_workbook, BY_POST, name="mail_check_workbook"),
    path("files/mail/batches/", letters.batches, BY_POST, name="mail_batches"),
    path("files/mail/batches/<uuid:public_id>/", letters.batch, BY_POST, name="mail_batch"),
    *(
        path(f"files/mail/batches/<uuid:public_id>/{file}", letters.paper, {**BY_POST, "kind": kind}, name=f"mail_{name}")
        for file, kind, name in (
            ("labels.pdf", "labels", "labels"), ("handover.pdf", "handover", "handover"), ("handover.xlsx", "workbook", "sheet"),
        )
    ),
    path("files/mail/batches/<uuid:public_id>/numbers/", letters.numbers, BY_POST, name="mail_numbers"),
    path("files/mail/numbers/template.xlsx", letters.numbers_template, BY_POST, name="mail_template"),
    path("files/mail/numbers/<uuid:public_id>/", letters.upload, BY_POST, name="mail_upload"),
    path("files/mail/numbers/<uuid:public_id>/refused/", letters.refused, BY_POST, name="mail_refused"),
]  # fmt: skip

what_was_reported = [
    path("confirm/", confirmation.confirm, name="confirm"),
    path("confirm/remind/", confirmation.remind, name="confirm_remind"),
    path("confirm/workbook/", confirmation.confirm_workbook, name="confirm_workbook"),
    path("confirm/<uuid:public_id>/", confirmation.confirmation, name="confirmation"),
    path("confirm/<uuid:public_id>/remind/", confirmation.remind_one, name="confirm_remind_one"),
]

TRANSFER = "transfer/<area:area>/"

reports_of_transfer = [
    path(TRANSFER, reports.reports, name="reports"),
    path(f"{TRANSFER}workbook/", reports.reports_workbook, name="reports_workbook"),
    path(f"{TRANSFER}make/", reports.make, name="reports_make"),
    path(f"{TRANSFER}make/done/", reports.make_done, name="reports_make_done"),
    path(f"{TRANSFER}batches/<uuid:public_id>/", reports.report_batch, name="report_batch"),
    path(f"{TRANSFER}batches/<uuid:public_id>/file/", reports.report_batch_file, name="report_batch_file"),
    *(
        path(f"report/{kind}/<uuid:public_id>/", reports.report, {"flow": flow}, name=flow)
        for kind, flow in effects.FLOW_OF.items()
    ),
    *(
        path(f"report/{kind}/<uuid:public_id>/report.pdf", reports.report_file, {"flow": flow}, name=f"{flow}_file")
        for kind, flow in effects.FLOW_OF.items()
    ),
    path("gov/seal/", reports.sealing, name="sealing"),
]

verified_from_outside = [
    path("v/", verifying.verify, name="verify"),
    path("v/help/", verifying.help_, name="verify_help"),
    path("v/<str:token>/", verifying.scanned, name="scanned"),
    path("transfer/", verification.transfer, name="transfer"),
    path("transfer/log/", verification.log, name="verifications"),
    path("transfer/check/", verification.check, name="verify_staff"),
    path("transfer/authorisation/<uuid:public_id>/", verification.authorisation, name="authorisation"),
]

many_at_once = [
    path(f"{MODULE}upload/", uploads.uploads, name="uploads"),
    path(f"{MODULE}upload/lines.xlsx", uploads.lines, name="upload_lines"),
    path(f"{MODULE}upload/codes.xlsx", uploads.code_workbook, name="upload_codes"),
    path(f"{MODULE}upload/<uuid:public_id>/", uploads.upload, name="upload"),
    path(f"{MODULE}upload/<uuid:public_id>/refused.xlsx", uploads.refused, name="upload_refused"),
    path(f"{MODULE}upload/<uuid:public_id>/write/", uploads.decide, {"verdict": "write"}, name="upload_write"),
    path(f"{MODULE}upload/<uuid:public_id>/drop/", uploads.decide, {"verdict": "drop"}, name="upload_drop"),
    path(f"{MODULE}batches/", batches.batches, name="handovers"),
    path(f"{MODULE}batches/new/", batches.new, name="handover_new"),
    path(f"{MODULE}batches/<uuid:public_id>/", batches.batch, name="handover"),
    path(f"{MODULE}batches/<uuid:public_id>/back/", batches.take_back, name="handover_back"),
    path(f"{MODULE}batches/<uuid:public_id>/lines.xlsx", batches.workbook, name="handover_workbook"),
    path(f"{MODULE}batches/<uuid:public_id>/handover.pdf", batches.paper, name="handover_paper"),
]

app_name = "transfer"
urlpatterns = [
    *many_at_once,
    *verified_from_outside,
    *reports_of_transfer,
    *what_was_reported,
    *archives_by_post,
    *records_of_file_and_household,
]
