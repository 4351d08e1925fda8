"""History of a statement that changes very many rows, whatever came before it on the connection."""

from django.db import migrations

from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("flow", "0004_position")]

    operations = [migrations.RunSQL(guard.FUNCTIONS, migrations.RunSQL.noop)]
