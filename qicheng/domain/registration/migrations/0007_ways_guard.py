"""Hold registrations to what is frozen now: the type and the numbers of ways that a graduate begins."""

from django.db import migrations

from qicheng.domain.registration.models import Registration
from qicheng.foundation.flow import guard

TABLE = "registration_registration"


class Migration(migrations.Migration):
    dependencies = [("registration", "0006_ways"), ("flow", "0003_amendable")]

    operations = [
        migrations.RunSQL(
            guard.without("guard keeps stays", TABLE) + guard.guard(TABLE, Registration), migrations.RunSQL.noop
        )
    ]
