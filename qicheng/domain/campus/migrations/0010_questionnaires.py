"""What graduates answered to questionnaires; what was submitted stays submitted, and sealed what was sealed."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
import uuid
from django.db import migrations, models


KEPT = """
CREATE TRIGGER campus_answer_kept BEFORE UPDATE ON campus_answer FOR EACH ROW
    WHEN ((OLD.state <> 'draft' AND NEW.state <> OLD.state) OR NEW.graduate_id <> OLD.graduate_id OR NEW.form_id <> OLD.form_id
        OR NEW.made_id <> OLD.made_id)
    EXECUTE FUNCTION qicheng_refuse();
CREATE TRIGGER campus_answer_stays BEFORE DELETE ON campus_answer FOR EACH ROW EXECUTE FUNCTION qicheng_refuse();
"""
UNKEPT = "DROP TRIGGER campus_answer_kept ON campus_answer; DROP TRIGGER campus_answer_stays ON campus_answer;"


class Migration(migrations.Migration):

    dependencies = [
        ('campus', '0009_changes'),
        ('orgs', '0008_sign_on'),
        ('roster', '0008_platform_source'),
    ]

    operations = [
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('cohort', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('draft', '已暂存'), ('submitted', '已提交'), ('sealed', '已匿名提交')], default='draft', max_length=9)),
                ('answers', models.JSONField(default=dict)),
                ('version', models.PositiveIntegerField(default=0)),
                ('begun_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('submitted_at', models.DateTimeField(null=True)),
                ('form', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='campus.madeform')),
                ('graduate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='roster.graduate')),
                ('made', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='campus.madeversion')),
                ('school', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='orgs.school')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'all_rows',
                'default_manager_name': 'all_rows',
                'indexes': [models.Index(condition=models.Q(('state', 'draft'), _negated=True), fields=['form', 'cohort', 'submitted_at', 'id'], name='answer_submitted')],
                'constraints': [models.UniqueConstraint(fields=('cohort', 'graduate', 'form'), name='one_answer'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'draft'), ('submitted_at', None)), models.Q(models.Q(('state', 'draft'), _negated=True), ('submitted_at__isnull', False)), _connector='OR'), name='submitted_answers_have_a_time')],
            },
            managers=[
                ('all_rows', django.db.models.manager.Manager()),
            ],
        ),
        migrations.RunSQL(KEPT, UNKEPT),
    ]
