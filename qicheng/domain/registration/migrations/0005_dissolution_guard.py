"""Hold dissolutions to their flow."""

from django.db import migrations

from qicheng.domain.registration.models import Dissolution
from qicheng.foundation.flow import guard


class Migration(migrations.Migration):
    dependencies = [("registration", "0004_dissolution"), ("flow", "0002_guard")]

    operations = [
        migrations.RunSQL(guard.guard("registration_dissolution", Dissolution), migrations.RunSQL.noop),
    ]
