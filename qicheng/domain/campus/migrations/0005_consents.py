"""暂缓派遣 and 更改毕业去向, held to their flows."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models

from qicheng.domain.campus.models import Deferral, OneChange
from qicheng.foundation.flow import guard

CASES = {"campus_deferral": Deferral, "campus_onechange": OneChange}


class Migration(migrations.Migration):
    dependencies = [
        ("campus", "0004_personal"),
        ("orgs", "0008_sign_on"),
        ("registration", "0008_queues"),
        ("roster", "0007_sign_on"),
    ]

    operations = [
        migrations.CreateModel(
            name="Deferral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("flow_name", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=40)),
                ("live", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=0)),
                ("cohort", models.PositiveSmallIntegerField(default=0)),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("waiting_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tier",
                    models.CharField(choices=[("undergraduate", "本专科"), ("postgraduate", "研究生")], max_length=14),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("student", models.JSONField(default=dict)),
                ("applied_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("until", models.DateField()),
                ("reminded_at", models.DateTimeField(null=True)),
                ("college", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.college")),
                ("graduate", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate")),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registration.registration"
                    ),
                ),
                ("school", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="deferral_queue"),
                    models.Index(fields=["college", "cohort", "state", "waiting_since", "id"], name="deferral_college"),
                    models.Index(condition=models.Q(("live", True)), fields=["until"], name="deferral_until"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_live_deferral"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("cohort", "graduate"),
                        name="one_draft_of_deferral",
                    ),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="OneChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("flow_name", models.CharField(max_length=40)),
                ("state", models.CharField(max_length=40)),
                ("live", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=0)),
                ("cohort", models.PositiveSmallIntegerField(default=0)),
                ("begun_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("waiting_since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "tier",
                    models.CharField(choices=[("undergraduate", "本专科"), ("postgraduate", "研究生")], max_length=14),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("student", models.JSONField(default=dict)),
                ("applied_at", models.DateTimeField(null=True)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("wish", models.CharField(blank=True, max_length=40)),
                ("wish_unit", models.CharField(blank=True, max_length=120)),
                ("before", models.CharField(blank=True, max_length=200)),
                ("college", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.college")),
                ("graduate", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate")),
                (
                    "registration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registration.registration"
                    ),
                ),
                ("school", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(fields=["school", "cohort", "state", "waiting_since", "id"], name="onechange_queue"),
                    models.Index(
                        fields=["college", "cohort", "state", "waiting_since", "id"], name="onechange_college"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_live_onechange"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("cohort", "graduate"),
                        name="one_draft_of_onechange",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "granted")),
                        fields=("cohort", "graduate"),
                        name="one_granted_change",
                    ),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(
            "".join(guard.guard(table, model) for table, model in CASES.items()),
            guard.without("guard keeps stays", *CASES),
        ),
    ]
