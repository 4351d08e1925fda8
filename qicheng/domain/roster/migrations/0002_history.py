"""Keep what every change of a roster line and of an employment record was and became, whichever way it came."""

from django.db import migrations

from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("roster", "0001_first"), ("flow", "0002_guard")]

    operations = [
        migrations.RunSQL(
            guard.history("roster_graduate") + guard.history("roster_employmentrecord"),
            guard.without("history", "roster_graduate", "roster_employmentrecord"),
        )
    ]
