"""毕业去向修改, 改签申请 and 户档信息修改, held to their flows."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from qicheng.domain.campus.models import DestinationAmendment, FileAmendment
from qicheng.foundation.flow import guard

CASES = {"campus_destinationamendment": DestinationAmendment, "campus_fileamendment": FileAmendment}


class Migration(migrations.Migration):
    dependencies = [
        ("campus", "0008_plan"),
        ("orgs", "0008_sign_on"),
        ("registration", "0008_queues"),
        ("roster", "0008_platform_source"),
    ]

    operations = [
        migrations.CreateModel(
            name="DestinationAmendment",
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
                ("terms", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                ("target_version", models.PositiveIntegerField(default=0)),
                ("kind", models.CharField(max_length=40)),
                ("before_kind", models.CharField(blank=True, max_length=40)),
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
                    models.Index(
                        fields=["school", "cohort", "state", "waiting_since", "id"], name="destinationamendment_queue"
                    ),
                    models.Index(
                        fields=["college", "cohort", "state", "waiting_since", "id"],
                        name="destinationamendment_college",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)),
                        fields=("cohort", "graduate"),
                        name="one_live_destinationamendment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("cohort", "graduate"),
                        name="one_draft_of_destinationamendment",
                    ),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="FileAmendment",
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
                ("terms", models.JSONField(default=dict)),
                ("before", models.JSONField(default=dict)),
                ("target_version", models.PositiveIntegerField(default=0)),
                ("college", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.college")),
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="campus.fileregistration"
                    ),
                ),
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
                    models.Index(
                        fields=["school", "cohort", "state", "waiting_since", "id"], name="fileamendment_queue"
                    ),
                    models.Index(
                        fields=["college", "cohort", "state", "waiting_since", "id"], name="fileamendment_college"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_live_fileamendment"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "draft")),
                        fields=("cohort", "graduate"),
                        name="one_draft_of_fileamendment",
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
