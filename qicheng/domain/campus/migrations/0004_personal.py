"""What graduates say of themselves before they register, held to its flows."""

import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

from qicheng.domain.campus.models import PersonalInformation, Supplement
from qicheng.foundation.flow import guard

CASES = {"campus_personalinformation": PersonalInformation, "campus_supplement": Supplement}
TIERS = [("undergraduate", "本专科"), ("postgraduate", "研究生")]
OPTIONS = {"abstract": False, "base_manager_name": "all_rows", "default_manager_name": "all_rows"}


def columns(graduate):
    """The columns that both have in common."""
    now = django.db.models.functions.datetime.Now()
    protect = django.db.models.deletion.PROTECT
    return [
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
        ("flow_name", models.CharField(max_length=40)),
        ("state", models.CharField(max_length=40)),
        ("live", models.BooleanField(default=False)),
        ("version", models.PositiveIntegerField(default=0)),
        ("cohort", models.PositiveSmallIntegerField(default=0)),
        ("begun_at", models.DateTimeField(db_default=now)),
        ("waiting_since", models.DateTimeField(db_default=now)),
        ("tier", models.CharField(choices=TIERS, max_length=14)),
        ("terms", models.JSONField(default=dict)),
        ("submitted_at", models.DateTimeField(null=True)),
        ("college", models.ForeignKey(on_delete=protect, to="orgs.college")),
        ("graduate", graduate),
        ("school", models.ForeignKey(on_delete=protect, to="orgs.school")),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("campus", "0003_files_and_news"),
        ("flow", "0003_amendable"),
        ("orgs", "0007_transfer_settings"),
        ("roster", "0006_one_reference"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonalInformation",
            fields=columns(models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate")),
            options=OPTIONS,
            managers=[("all_rows", django.db.models.manager.Manager())],
        ),
        migrations.CreateModel(
            name="Supplement",
            fields=[
                *columns(models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="roster.graduate")),
                ("before", models.JSONField(default=dict)),
                ("closed_at", models.DateTimeField(null=True)),
            ],
            options={
                **OPTIONS,
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "college_review")),
                        fields=["college", "cohort", "waiting_since", "id"],
                        name="supplement_queue",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("live", True)), fields=("cohort", "graduate"), name="one_open_supplement"
                    )
                ],
            },
            managers=[("all_rows", django.db.models.manager.Manager())],
        ),
        migrations.RunSQL(
            "".join(guard.guard(table, model) for table, model in CASES.items()),
            guard.without("guard keeps stays", *CASES),
        ),
    ]
