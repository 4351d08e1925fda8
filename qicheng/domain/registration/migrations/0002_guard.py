"""Hold registrations to their flows; serials of agreement numbers come from a sequence (REG-11)."""

from django.db import migrations

from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("registration", "0001_first"), ("flow", "0002_guard")]

    operations = [
        migrations.RunSQL(
            guard.guard("registration_registration", Registration)
            + "CREATE SEQUENCE registration_agreement_serial MAXVALUE 999999999;",
            guard.without("guard keeps stays", "registration_registration") + "DROP SEQUENCE registration_agreement_serial;",
        )
    ]
