"""Cut the roster and the employment records by cohort, with the rows that there are; every reference to them carries the cohort."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from qicheng.foundation.flow import cohorts


def cut(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        for table in cohorts.CUT:
            cohorts.cut(cursor, table)


def mend(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        for table in reversed(cohorts.CUT):
            cohorts.mend(cursor, table)


class Migration(migrations.Migration):
    # After every table that refers to graduates; one that is made later says so by `cohorts.reference`.
    dependencies = [
        ("orgs", "0008_sign_on"),
        ("roster", "0008_platform_source"),
        ("registration", "0009_cohorts"),
        ("transfer", "0008_cohorts"),
        ("campus", "0011_cohorts"),
    ]

    operations = [
        migrations.RunPython(cut, mend),
        migrations.RunSQL(cohorts.FUNCTIONS, cohorts.NO_FUNCTIONS),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="employmentrecord",
                    name="graduate",
                    field=models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
            ]
        ),
    ]
