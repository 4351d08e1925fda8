"""Reports of each issue with their guard, the numbers that were ever given out, and batches (REP-01, INV-53)."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from qicheng.domain.transfer.models import ArchiveReport, GraduateReport, HouseholdReport
from qicheng.foundation.flow import guard

REPORTS = {
    "transfer_archivereport": ArchiveReport,
    "transfer_graduatereport": GraduateReport,
    "transfer_householdreport": HouseholdReport,
}
NUMBERS = "transfer_reportnumber"


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0007_transfer_settings"),
        ("roster", "0006_one_reference"),
        ("transfer", "0004_uploads_and_batches"),
        ("flow", "0003_amendable"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReportNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("kind", models.CharField(max_length=10)),
                ("report", models.UUIDField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="ReportBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("cohort", models.PositiveSmallIntegerField()),
                ("kind", models.CharField(choices=[("archive", "档案信息"), ("household", "户口信息")], max_length=10)),
                ("actor", models.JSONField(default=dict)),
                ("key", models.CharField(max_length=64)),
                ("query", models.JSONField(default=dict)),
                ("graduates", models.JSONField(default=list)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "等待开始"),
                            ("working", "正在生成"),
                            ("done", "已完成"),
                            ("failed", "没有完成"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("done", models.PositiveIntegerField(default=0)),
                ("total", models.PositiveIntegerField(default=0)),
                ("faults", models.JSONField(default=dict)),
                ("packed", models.JSONField(default=list)),
                ("path", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("moved_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("account", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.account")),
                (
                    "college",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="orgs.college"),
                ),
                ("school", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="orgs.school")),
            ],
            options={
                "abstract": False,
                "base_manager_name": "all_rows",
                "default_manager_name": "all_rows",
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="ArchiveReport",
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
                ("number", models.CharField(max_length=18, unique=True)),
                ("printed", models.JSONField(default=dict)),
                ("stated", models.CharField(max_length=64)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("until", models.DateField(null=True)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("issued_at", models.DateTimeField(null=True)),
                ("downloaded_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
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
                    models.Index(fields=["graduate", "id"], name="archivereport_graduate"),
                    models.Index(
                        condition=models.Q(("issued_at", None), ("live", True)),
                        fields=["state", "waiting_since"],
                        name="archivereport_unmade",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_live_archivereport"
                    )
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="GraduateReport",
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
                ("number", models.CharField(max_length=18, unique=True)),
                ("printed", models.JSONField(default=dict)),
                ("stated", models.CharField(max_length=64)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("until", models.DateField(null=True)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("issued_at", models.DateTimeField(null=True)),
                ("downloaded_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
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
                    models.Index(fields=["graduate", "id"], name="graduatereport_graduate"),
                    models.Index(
                        condition=models.Q(("issued_at", None), ("live", True)),
                        fields=["state", "waiting_since"],
                        name="graduatereport_unmade",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)),
                        fields=("cohort", "graduate"),
                        name="one_live_graduatereport",
                    )
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="HouseholdReport",
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
                ("number", models.CharField(max_length=18, unique=True)),
                ("printed", models.JSONField(default=dict)),
                ("stated", models.CharField(max_length=64)),
                ("revision", models.PositiveIntegerField(default=0)),
                ("until", models.DateField(null=True)),
                ("why", models.CharField(blank=True, max_length=300)),
                ("issued_at", models.DateTimeField(null=True)),
                ("downloaded_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
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
                    models.Index(fields=["graduate", "id"], name="householdreport_graduate"),
                    models.Index(
                        condition=models.Q(("issued_at", None), ("live", True)),
                        fields=["state", "waiting_since"],
                        name="householdreport_unmade",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)),
                        fields=("cohort", "graduate"),
                        name="one_live_householdreport",
                    )
                ],
            },
            managers=[
                ("all_rows", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddConstraint(
            model_name="reportbatch",
            constraint=models.UniqueConstraint(fields=("account", "key"), name="one_batch_per_form"),
        ),
        migrations.RunSQL(
            "".join(guard.guard(table, model) for table, model in REPORTS.items()) + guard.only_grows(NUMBERS),
            guard.without("guard keeps stays", *REPORTS) + guard.without("grows stays", NUMBERS),
        ),
    ]
