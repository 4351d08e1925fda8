"""One handler of a tier, `all` overlapping both others, and none that changes once submitted (SET-08)."""

import django.contrib.postgres.constraints
from django.db import migrations
from django.db.models import F

import qicheng.domain.orgs.models


class Migration(migrations.Migration):
    dependencies = [("orgs", "0002_guard"), ("flow", "0002_guard")]

    operations = [
        # On the way back it stays: other rooms need it too.
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS btree_gist", migrations.RunSQL.noop),
        migrations.RemoveConstraint(model_name="handler", name="one_handler_of_a_tier"),
        migrations.AddConstraint(
            model_name="handler",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                name="one_handler_of_a_tier",
                expressions=[
                    ("cohort", "="),
                    ("school", "="),
                    (qicheng.domain.orgs.models.Tiers(F("tier")), "&&"),
                ],
            ),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER orgs_handler_fixed BEFORE UPDATE ON orgs_handler FOR EACH ROW EXECUTE FUNCTION qicheng_refuse();",
            "DROP TRIGGER orgs_handler_fixed ON orgs_handler;",
        ),
    ]
