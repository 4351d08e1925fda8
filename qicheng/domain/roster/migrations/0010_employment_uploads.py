"""Uploads of ready employment records, and the stage that their lines are read into (IMP-05)."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import qicheng.foundation.access
import uuid
from django.db import migrations, models


VALUES = (
    "destination employer_name credit_code nature industry area address job_category contact phone mobile email number signed_on"
).split()
STAGE = f"""
CREATE UNLOGGED TABLE roster_employmentuploadline (upload_id bigint NOT NULL, line integer NOT NULL, exam_number text NOT NULL,
    name text NOT NULL, {", ".join(f"{name} text NOT NULL" for name in VALUES)}, wrong jsonb NOT NULL, graduate_id bigint, seen integer,
    PRIMARY KEY (upload_id, line));
-- The planner knows nothing of a stage that was just filled, and the runtime role may not ask for statistics.
CREATE FUNCTION roster_look_at_employment_stage() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE roster_employmentuploadline (upload_id, line, exam_number);
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0010_binding'),
        ('roster', '0009_cohorts'),
    ]

    operations = [
        migrations.CreateModel(
            name='EmploymentUpload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('cohort', models.PositiveSmallIntegerField()),
                ('tier', models.CharField(default=qicheng.foundation.access.Tier['ALL'], max_length=14)),
                ('actor', models.JSONField(default=dict)),
                ('filename', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('waiting', '等待读取'), ('reading', '正在读取'), ('preview', '等待你确认'), ('refused', '文件不能用'), ('applying', '正在写入'), ('applied', '已写入'), ('dropped', '已放弃')], default='waiting', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=300)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('counts', models.JSONField(default=dict)),
                ('columns', models.JSONField(default=dict)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('moved_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('finished_at', models.DateTimeField(null=True)),
                ('source', models.CharField(choices=[('upload', '就业管理系统上传'), ('interface', '就业管理系统接口')], default='upload', max_length=10)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.account')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.school')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'all_rows',
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='EmploymentUploadFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('place', models.CharField(blank=True, max_length=30)),
                ('reason', models.CharField(max_length=200)),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='roster.employmentupload')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'all_rows',
                'indexes': [models.Index(fields=['upload', 'line'], name='employment_fault_line')],
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(
            STAGE, "DROP FUNCTION roster_look_at_employment_stage(); DROP TABLE roster_employmentuploadline;"
        ),
    ]
