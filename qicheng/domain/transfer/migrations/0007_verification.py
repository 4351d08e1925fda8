"""Who may verify and until when, what was verified, which numbers no longer count; held to their flow, and only growing."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models

from qicheng.domain.transfer.models import Authorisation
from qicheng.foundation.flow import guard

CASES, GROWING = "transfer_authorisation", ("transfer_verification", "transfer_revokednumber")


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_transfer_settings"),
        ("roster", "0006_one_reference"),
        ("transfer", "0006_mailing"),
    ]

    operations = [
        migrations.CreateModel(
            name="RevokedNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("report", models.UUIDField(unique=True)),
                ("number", models.CharField(max_length=18)),
                ("day", models.DateField()),
                ("reason", models.PositiveSmallIntegerField()),
                ("until", models.DateField()),
            ],
            options={
                "indexes": [models.Index(fields=["until"], name="revoked_until")],
            },
        ),
        migrations.CreateModel(
            name="Authorisation",
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
                ("days", models.PositiveSmallIntegerField()),
                ("until", models.DateField()),
                ("report", models.UUIDField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                ("college", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.college")),
                ("graduate", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate")),
                ("school", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(fields=["graduate", "id"], name="authorisation_graduate"),
                    models.Index(condition=models.Q(("live", True)), fields=["until"], name="authorisation_running"),
                    models.Index(fields=["report"], name="authorisation_report"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_live_authorisation"
                    )
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "way",
                    models.CharField(
                        choices=[("scan", "扫码"), ("number", "编号和姓名"), ("staff", "老师核验")], max_length=8
                    ),
                ),
                (
                    "result",
                    models.CharField(
                        choices=[
                            ("valid", "核验通过"),
                            ("superseded", "已失效"),
                            ("over", "已过有效期"),
                            ("unknown", "没有核验到"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[("graduate", "graduate"), ("archive", "archive"), ("household", "household")],
                        max_length=10,
                    ),
                ),
                ("report", models.UUIDField(null=True)),
                ("cohort", models.PositiveSmallIntegerField(default=0)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "graduate",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                (
                    "school",
                    models.ForeignKey(
                        db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, to="orgs.school"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
                "indexes": [
                    models.Index(
                        condition=models.Q(("graduate__isnull", False)),
                        fields=["graduate", "id"],
                        name="verification_graduate",
                    ),
                    models.Index(
                        condition=models.Q(("school__isnull", False)),
                        fields=["school", "cohort", "id"],
                        name="verification_school",
                    ),
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(
            guard.guard(CASES, Authorisation) + "".join(map(guard.only_grows, GROWING)),
            guard.without("guard keeps stays", CASES) + guard.without("grows stays", *GROWING),
        ),
    ]
