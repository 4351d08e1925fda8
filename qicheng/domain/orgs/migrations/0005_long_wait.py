"""From how many working days on a wait is called long, as each school sets it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0004_login_code"),
    ]

    operations = [
        migrations.AddField(
            model_name="signingsettings",
            name="long_wait",
            field=models.PositiveSmallIntegerField(db_default=3, default=3),
        ),
        migrations.AddConstraint(
            model_name="signingsettings",
            constraint=models.CheckConstraint(
                condition=models.Q(("long_wait__gte", 1), ("long_wait__lte", 30)), name="long_wait_to_30"
            ),
        ),
    ]
