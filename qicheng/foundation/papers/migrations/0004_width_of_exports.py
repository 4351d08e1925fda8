from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("papers", "0003_exports")]

    operations = [
        migrations.AddField(
            model_name="export",
            name="tier",
            field=models.CharField(default="all", help_text="Of the seat when the file was made, as its levels.", max_length=14),
        ),
        migrations.AddField(model_name="export", name="levels", field=models.JSONField(default=dict)),
    ]
