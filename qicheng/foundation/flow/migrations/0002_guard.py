"""The functions of the database's guard, the history table, and records that only grow (§5a)."""

from django.db import migrations

from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("flow", "0001_first")]

    operations = [
        migrations.RunSQL(
            guard.TABLES + guard.FUNCTIONS + guard.only_grows("flow_record") + guard.only_grows("flow_history"),
            guard.without("grows stays", "flow_record")
            + "DROP TABLE flow_history; DROP FUNCTION qicheng_refuse, qicheng_guard_case, qicheng_history;",
        )
    ]
