"""References to graduates carry the cohort as soon as the roster is cut by it (roster 0009): the models leave them to the database."""

import django.db.models.deletion
from django.db import migrations, models

# A plan's lines are of its cohort; what lets lines only grow stands aside meanwhile.
FILL = """ALTER TABLE campus_planline DISABLE TRIGGER USER;
UPDATE campus_planline l SET cohort = p.cohort FROM campus_plan p WHERE p.id = l.plan_id;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE campus_planline ENABLE TRIGGER USER;"""


class Migration(migrations.Migration):
    dependencies = [("campus", "0010_questionnaires"), ("roster", "0008_platform_source")]

    operations = [
        migrations.AddField(model_name="planline", name="cohort", field=models.PositiveSmallIntegerField(null=True)),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(model_name="planline", name="cohort", field=models.PositiveSmallIntegerField()),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="application",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="deferral",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="onechange",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="fileregistration",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="destinationamendment",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="fileamendment",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="personalinformation",
                    name="graduate",
                    field=models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="supplement",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
                migrations.AlterField(
                    model_name="planline",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="roster.graduate",
                    ),
                ),
                migrations.AlterField(
                    model_name="answer",
                    name="graduate",
                    field=models.ForeignKey(
                        db_constraint=False, on_delete=django.db.models.deletion.PROTECT, to="roster.graduate"
                    ),
                ),
            ]
        ),
    ]
