"""Files by which many records are written at once with their stage, and batches that are handed over and stay as they were."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import qicheng.foundation.access
import uuid
from django.db import migrations, models

# The stage that a file is read into, one row a line: unlogged, since the file can be read again after a crash.
SAID = "receiver region address contact phone postcode"
AREAS = ("archive", "household")


def stage(area: str) -> str:
    """SQL of an area's stage: what a line says, as it was read and as the form took it, and the graduate whom it means."""
    table = f"transfer_{area}uploadline"
    said = ", ".join(f"{name} text NOT NULL" for name in ("exam_number", "name", "kind", *SAID.split()))
    return f"""
CREATE UNLOGGED TABLE {table} (upload_id bigint NOT NULL, line integer NOT NULL, {said}, written jsonb NOT NULL, wrong jsonb NOT NULL,
    doubts jsonb NOT NULL DEFAULT '[]', graduate_id bigint, seen integer, PRIMARY KEY (upload_id, line));
CREATE FUNCTION {table}_look() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE {table} (upload_id, line, exam_number);
END $$;
"""


def frozen(area: str) -> str:
    """SQL that lets nothing of a line change but whether its batch stands."""
    table = f"transfer_{area}handoverline"
    return f"""
CREATE TRIGGER {table}_frozen BEFORE UPDATE ON {table} FOR EACH ROW
    WHEN (to_jsonb(OLD) - 'live' IS DISTINCT FROM to_jsonb(NEW) - 'live') EXECUTE FUNCTION qicheng_refuse();
"""


WAY_BACK = "".join(
    f"DROP FUNCTION transfer_{area}uploadline_look(); DROP TABLE transfer_{area}uploadline; "
    f"DROP TRIGGER transfer_{area}handoverline_frozen ON transfer_{area}handoverline; "
    for area in AREAS
)


class Migration(migrations.Migration):

    dependencies = [
        ('orgs', '0007_transfer_settings'),
        ('roster', '0006_one_reference'),
        ('flow', '0003_amendable'),
        ('transfer', '0003_confirmation'),
    ]

    operations = [
        migrations.CreateModel(
            name='ArchiveHandover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('cohort', models.PositiveSmallIntegerField()),
                ('tier', models.CharField(default=qicheng.foundation.access.Tier['ALL'], max_length=14)),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=60)),
                ('handed_on', models.DateField()),
                ('maker', models.CharField(max_length=100)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
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
            name='ArchiveHandoverLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField()),
                ('live', models.BooleanField(default=True)),
                ('record_version', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('receiver', models.CharField(blank=True, max_length=120)),
                ('region', models.CharField(blank=True, max_length=6)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('contact', models.CharField(blank=True, max_length=40)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('postcode', models.CharField(blank=True, max_length=6)),
                ('name', models.CharField(max_length=60)),
                ('exam_number', models.CharField(max_length=18)),
                ('student_number', models.CharField(blank=True, max_length=20)),
                ('college', models.CharField(max_length=60)),
                ('major', models.CharField(max_length=60)),
                ('level', models.CharField(max_length=2)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='transfer.archivehandover')),
                ('graduate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='roster.graduate')),
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
            name='ArchiveUpload',
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
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.account')),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='orgs.college')),
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
            name='ArchiveUploadFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('place', models.CharField(blank=True, max_length=30)),
                ('reason', models.CharField(max_length=200)),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='transfer.archiveupload')),
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
            name='HouseholdHandover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('cohort', models.PositiveSmallIntegerField()),
                ('tier', models.CharField(default=qicheng.foundation.access.Tier['ALL'], max_length=14)),
                ('number', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=60)),
                ('handed_on', models.DateField()),
                ('maker', models.CharField(max_length=100)),
                ('lines', models.PositiveIntegerField(default=0)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('taken_back_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
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
            name='HouseholdHandoverLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('place', models.PositiveIntegerField()),
                ('live', models.BooleanField(default=True)),
                ('record_version', models.PositiveIntegerField()),
                ('kind', models.CharField(max_length=20)),
                ('receiver', models.CharField(blank=True, max_length=120)),
                ('region', models.CharField(blank=True, max_length=6)),
                ('address', models.CharField(blank=True, max_length=200)),
                ('contact', models.CharField(blank=True, max_length=40)),
                ('phone', models.CharField(blank=True, max_length=20)),
                ('postcode', models.CharField(blank=True, max_length=6)),
                ('name', models.CharField(max_length=60)),
                ('exam_number', models.CharField(max_length=18)),
                ('student_number', models.CharField(blank=True, max_length=20)),
                ('college', models.CharField(max_length=60)),
                ('major', models.CharField(max_length=60)),
                ('level', models.CharField(max_length=2)),
                ('batch', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='transfer.householdhandover')),
                ('graduate', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='roster.graduate')),
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
            name='HouseholdUpload',
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
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.account')),
                ('college', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to='orgs.college')),
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
            name='HouseholdUploadFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('place', models.CharField(blank=True, max_length=30)),
                ('reason', models.CharField(max_length=200)),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='transfer.householdupload')),
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
        migrations.AddConstraint(
            model_name='archivehandover',
            constraint=models.UniqueConstraint(fields=('cohort', 'school', 'number'), name='one_archivehandover_of_a_number'),
        ),
        migrations.AddConstraint(
            model_name='archivehandoverline',
            constraint=models.UniqueConstraint(condition=models.Q(('live', True)), fields=('graduate', 'record_version'), name='one_live_archivehandoverline'),
        ),
        migrations.AddConstraint(
            model_name='archivehandoverline',
            constraint=models.UniqueConstraint(fields=('batch', 'place'), name='one_archivehandoverline_of_a_place'),
        ),
        migrations.AddIndex(
            model_name='archiveuploadfault',
            index=models.Index(fields=['upload', 'line'], name='archiveuploadfault_line'),
        ),
        migrations.AddConstraint(
            model_name='householdhandover',
            constraint=models.UniqueConstraint(fields=('cohort', 'school', 'number'), name='one_householdhandover_of_a_number'),
        ),
        migrations.AddConstraint(
            model_name='householdhandoverline',
            constraint=models.UniqueConstraint(condition=models.Q(('live', True)), fields=('graduate', 'record_version'), name='one_live_householdhandoverline'),
        ),
        migrations.AddConstraint(
            model_name='householdhandoverline',
            constraint=models.UniqueConstraint(fields=('batch', 'place'), name='one_householdhandoverline_of_a_place'),
        ),
        migrations.AddIndex(
            model_name='householduploadfault',
            index=models.Index(fields=['upload', 'line'], name='householduploadfault_line'),
        ),
        migrations.RunSQL("".join(stage(area) + frozen(area) for area in AREAS), WAY_BACK),
    ]
