"""Hold cases about employers to their flows; keep the history of settings (SET-10)."""

from django.db import migrations

from qicheng.domain.orgs.models import EmployerCase
from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("orgs", "0001_first"), ("flow", "0002_guard")]

    operations = [
        migrations.RunSQL(
            guard.guard("orgs_employercase", EmployerCase) + guard.history("orgs_signingsettings"),
            guard.without("guard keeps stays", "orgs_employercase") + guard.without("history", "orgs_signingsettings"),
        )
    ]
