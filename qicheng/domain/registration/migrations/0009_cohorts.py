"""References to graduates carry the cohort as soon as the roster is cut by it (roster 0009): the models leave them to the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registration", "0008_queues"), ("roster", "0008_platform_source")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="registration",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="dissolution",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
            ]
        ),
    ]
