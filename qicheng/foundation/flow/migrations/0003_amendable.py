"""Frozen columns may change where a state names them as amendable, in a draft for instance."""

from django.db import migrations

from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("flow", "0002_guard")]

    operations = [migrations.RunSQL(guard.FUNCTIONS, migrations.RunSQL.noop)]
