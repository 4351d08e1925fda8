"""Applications of the kinds that a school declared itself, held to their flow."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models

from qicheng.domain.campus.models import Application
from qicheng.foundation.flow import guard

CASES = "campus_application"


class Migration(migrations.Migration):

    dependencies = [
        ('campus', '0005_consents'),
        ('orgs', '0008_sign_on'),
        ('roster', '0007_sign_on'),
    ]

    operations = [
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('flow_name', models.CharField(max_length=40)),
                ('state', models.CharField(max_length=40)),
                ('live', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=0)),
                ('cohort', models.PositiveSmallIntegerField(default=0)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('waiting_since', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('tier', models.CharField(choices=[('undergraduate', '本专科'), ('postgraduate', '研究生')], max_length=14)),
                ('name', models.CharField(max_length=40)),
                ('levels', models.CharField(choices=[('none', '不用审核，提交就办结'), ('college', '学院审核'), ('school', '学校审核'), ('both', '学院审核，再学校审核')], max_length=8)),
                ('notice_days', models.PositiveSmallIntegerField(default=0)),
                ('answers', models.JSONField(default=dict)),
                ('line', models.JSONField(default=dict)),
                ('number', models.CharField(blank=True, max_length=18)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('noticed_until', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('college', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.college')),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='campus.madeform')),
                ('graduate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='roster.graduate')),
                ('made', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='campus.madeversion')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.school')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'all_rows',
                'indexes': [models.Index(fields=['school', 'cohort', 'state', 'waiting_since', 'id'], name='application_school'), models.Index(fields=['college', 'cohort', 'state', 'waiting_since', 'id'], name='application_college'), models.Index(condition=models.Q(('state', 'noticed')), fields=['noticed_until'], name='application_noticed')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('live', True)), fields=('cohort', 'graduate', 'form'), name='one_live_application'), models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('cohort', 'graduate', 'form'), name='one_draft_of_an_application'), models.UniqueConstraint(condition=models.Q(('number', ''), _negated=True), fields=('cohort', 'number'), name='one_application_of_a_number')],
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(guard.guard(CASES, Application), guard.without("guard keeps stays", CASES)),
    ]
