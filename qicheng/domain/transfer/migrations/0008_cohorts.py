"""References to graduates carry the cohort as soon as the roster is cut by it (roster 0009): the models leave them to the database."""

import django.db.models.deletion
from django.db import migrations, models

# A batch's lines are of its cohort; what lets nothing of a line change stands aside meanwhile.
FILL = "".join(
    f"""ALTER TABLE transfer_{area}handoverline DISABLE TRIGGER USER;
    UPDATE transfer_{area}handoverline l SET cohort = b.cohort FROM transfer_{area}handover b WHERE b.id = l.batch_id;
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE transfer_{area}handoverline ENABLE TRIGGER USER;"""
    for area in ("archive", "household")
)


class Migration(migrations.Migration):
    dependencies = [("transfer", "0007_verification"), ("roster", "0008_platform_source")]

    operations = [
        migrations.AddField(
            model_name="archivehandoverline", name="cohort", field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.AddField(
            model_name="householdhandoverline", name="cohort", field=models.PositiveSmallIntegerField(null=True)
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="archivehandoverline", name="cohort", field=models.PositiveSmallIntegerField()
        ),
        migrations.AlterField(
            model_name="householdhandoverline", name="cohort", field=models.PositiveSmallIntegerField()
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="archiverecord",
                    name="graduate",
                    field=models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="householdrecord",
                    name="graduate",
                    field=models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="archivechange",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="householdchange",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="archivehandoverline",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="roster.graduate",
                    ),
                ),
                migrations.AlterField(
                    model_name="householdhandoverline",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="roster.graduate",
                    ),
                ),
                migrations.AlterField(
                    model_name="confirmation",
                    name="graduate",
                    field=models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="mailing",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="graduatereport",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="archivereport",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="householdreport",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="authorisation",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="verification",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="roster.graduate",
                    ),
                ),
            ]
        ),
    ]
