
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0004_login_code'),
        ('registration', '0003_batch'),
        ('roster', '0005_lean_indexes'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dissolution',
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
                ('agreement_form', models.CharField(choices=[('two_party', '两方协议'), ('three_party', '三方协议')], max_length=12)),
                ('review_mode', models.CharField(blank=True, choices=[('school', '仅校级审核'), ('college_then_school', '先院系再校级审核')], max_length=20)),
                ('student_name', models.CharField(max_length=60)),
                ('employer_name', models.CharField(blank=True, max_length=120)),
                ('post', models.CharField(blank=True, max_length=60)),
                ('number', models.CharField(max_length=19)),
                ('asked_by', models.CharField(choices=[('graduate', '学生'), ('employer', '单位')], max_length=8)),
                ('reason', models.CharField(max_length=40)),
                ('explanation', models.CharField(max_length=500)),
                ('asked_at', models.DateTimeField()),
                ('reminded_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('sequence', models.PositiveSmallIntegerField(null=True)),
                ('allowed', models.PositiveSmallIntegerField(null=True)),
                ('manner', models.CharField(blank=True, max_length=40)),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='dissolutions', to='registration.registration')),
                ('college', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.college')),
                ('employer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='orgs.employer')),
                ('graduate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='roster.graduate')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.school')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'all_rows',
                'indexes': [models.Index(fields=['school', 'cohort', 'state', 'waiting_since', 'id'], name='dissolution_queue'), models.Index(fields=['college', 'cohort', 'state', 'waiting_since', 'id'], name='dissolution_college'), models.Index(fields=['employer', 'state', '-id'], name='dissolution_employer'), models.Index(condition=models.Q(('answered_at', None), ('live', True)), fields=['asked_at'], name='dissolution_unanswered')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('live', True)), fields=('cohort', 'agreement'), name='one_open_dissolution'), models.UniqueConstraint(fields=('cohort', 'graduate', 'sequence'), name='one_dissolution_of_a_number'), models.CheckConstraint(condition=models.Q(models.Q(('allowed', None), ('asked_by', 'employer'), ('sequence', None)), models.Q(('allowed__isnull', False), ('asked_by', 'graduate'), ('sequence__gte', 1), ('sequence__isnull', False), ('sequence__lte', models.F('allowed'))), _connector='OR'), name='requests_of_graduates_are_counted')],
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
    ]
