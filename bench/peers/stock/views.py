"""The list and its address."""

import os
from datetime import datetime

from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.decorators import login_required
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.http import Http404
from django.shortcuts import render
from django.urls import path

SIZE = 25
LEVELS: dict[str, str] = {}


class ByNumber(BaseBackend):
    """Finds the account of a session."""

    def get_user(self, user_id):
        from qicheng.domain.orgs.models import Account

        return Account.objects.filter(pk=user_id).first()


@login_required
def review(request):
    from qicheng.domain.orgs.models import College, Seat, StatusLookup
    from qicheng.domain.registration.listings import queue
    from qicheng.domain.registration.models import Registration
    from qicheng.foundation import codes
    from qicheng.foundation.access import Role
    from qicheng.foundation.notice.models import Notice

    seat = Seat.objects.get(account=request.user, role="school", ended_at=None)
    if not seat.employment:
        raise Http404
    late, cohort = datetime.fromisoformat(os.environ["BENCH_LATE"]), int(os.environ["BENCH_COHORT"])
    status = StatusLookup.objects.filter(credit_code=OuterRef("employer__credit_code")).order_by("-asked_at")
    waiting = Registration.all_rows.filter(
        cohort=cohort, school=seat.node, flow_name="online_signing", state="school_review", graduate__removed_at=None
    )
    counts = waiting.aggregate(
        total=Count("pk"), stage=Count("pk", filter=Q(state="school_review")), long=Count("pk", filter=Q(waiting_since__lte=late)),
        differs=Count("pk", filter=~Q(graduate__revision=Cast(KT("student__revision"), IntegerField()))),
    )  # fmt: skip
    rows = (
        waiting.select_related("graduate", "college", "school", "employer")
        .annotate(status=Subquery(status.values("status")[:1]))
        .order_by("waiting_since", "pk")[: SIZE + 1]
    )
    shown = list(rows)[:SIZE]
    LEVELS.update(LEVELS or codes.table("education_levels").choices(cohort))
    for row in shown:
        row.late, row.shown_level = row.waiting_since <= late, LEVELS[row.graduate.level]
    choices = {one.key: one.choices for one in queue(Role.SCHOOL).filters}
    colleges = College.objects.filter(school=seat.node).order_by("name")
    return render(request, "review.html", {
        "rows": shown, "total": counts["total"], "long": counts["long"], "account": request.user.name, "unit": shown[0].school.name,
        "unread": Notice.objects.filter(role=seat.role, node=seat.node, channel="inbox", read_at=None).count(),
        "choices": {
            "kind": [("", "全部类型"), *choices["kind"]], "type": [("", "全部去向类型"), *choices["type"]],
            "level": [("", "全部学历"), *LEVELS.items()],
            "college": [("", "全部院系"), *((college.pk, college.name) for college in colleges)],
            "by": [("", "发起方"), ("employer", "单位"), ("graduate", "学生")],
        },
    })  # fmt: skip


urlpatterns = [path("review/", review)]
