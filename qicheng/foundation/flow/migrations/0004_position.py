from django.db import migrations, models

FORWARD = """
CREATE FUNCTION flow_position() RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text::bigint + 0';
CREATE FUNCTION flow_horizon() RETURNS bigint LANGUAGE sql STABLE AS
    'SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::pg_catalog.text::bigint + 0';
ALTER TABLE flow_record ADD COLUMN xact bigint NOT NULL DEFAULT 0;
ALTER TABLE flow_record ALTER COLUMN xact SET DEFAULT flow_position();
CREATE INDEX record_feed ON flow_record (school_id, xact, id);
"""
BACKWARD = """
ALTER TABLE flow_record DROP COLUMN xact;
DROP FUNCTION flow_position();
DROP FUNCTION flow_horizon();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('flow', '0003_amendable'),
    ]

    operations = [
        # By hand, since a column whose default is asked row by row would write the table anew; rows that are there already say 0.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACKWARD)],
            state_operations=[
                migrations.AddField(
                    model_name='record',
                    name='xact',
                    field=models.BigIntegerField(db_default=models.Func(function='flow_position'), editable=False),
                ),
                migrations.AddIndex(
                    model_name='record',
                    index=models.Index(fields=['school_id', 'xact', 'id'], name='record_feed'),
                ),
            ],
        ),
    ]
