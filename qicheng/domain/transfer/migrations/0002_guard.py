"""Hold applications to their flows; keep what every change of a record was and became, whichever way it came."""

from django.db import migrations

from qicheng.domain.transfer.models import ArchiveChange, HouseholdChange
from qicheng.foundation.flow import guard

CHANGES = {"transfer_archivechange": ArchiveChange, "transfer_householdchange": HouseholdChange}
RECORDS = ("transfer_archiverecord", "transfer_householdrecord")


class Migration(migrations.Migration):
    dependencies = [("transfer", "0001_first"), ("flow", "0003_amendable")]

    operations = [
        migrations.RunSQL(
            "".join(guard.guard(table, model) for table, model in CHANGES.items()) + "".join(map(guard.history, RECORDS)),
            guard.without("guard keeps stays", *CHANGES) + guard.without("history", *RECORDS),
        )
    ]
