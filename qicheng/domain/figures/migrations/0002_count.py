"""Have the database count what every statement changes, and count what is there already as of the day of this migration."""

from django.db import migrations

from qicheng.domain.figures.effects.counters import COUNTED, FUNCTIONS, all_there_is, install


class Migration(migrations.Migration):
    dependencies = [
        ("figures", "0001_counters"),
        ("roster", "0008_platform_source"),
        ("transfer", "0007_verification"),
    ]

    operations = [
        migrations.RunSQL(
            FUNCTIONS + "".join(map(install, COUNTED)) + all_there_is(),
            "".join(
                f"DROP TRIGGER {table}_counted_new ON {table}; DROP TRIGGER {table}_counted ON {table}; DROP FUNCTION {function}();"
                for table, function in COUNTED.items()
            ),
        )
    ]
