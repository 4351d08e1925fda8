import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ('orgs', '0002_guard'),
        ('registration', '0002_guard'),
    ]

    operations = [
        migrations.CreateModel(
            name='InvitationBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('filename', models.CharField(max_length=200)),
                ('state', models.CharField(choices=[('preview', '等待你确认'), ('sending', '正在发出'), ('sent', '已发出'), ('dropped', '已放弃')], default='preview', max_length=8)),
                ('lines', models.JSONField(default=list)),
                ('done', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL)),
                ('employer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.employer')),
            ],
            options={
                'abstract': False,
                'default_manager_name': 'all_rows',
                'base_manager_name': 'all_rows',
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
    ]
