"""The stage that a file is read into, one row a line: unlogged, since the file can be read again after a crash."""

from django.db import migrations

TEXTS = (
    "exam_number id_number name campus major major_direction directed_unit college class_name student_number archive_from "
    "household_from phone email qq home_address home_phone home_postcode"
).split()
READ = (
    "sex nation political_status school_said level major_code training_mode origin urban_rural study_years entered_on "
    "graduates_on normal_student hardship birth_date household_moved archive_moved study_form cohort_said"
).split()
COLUMNS = ", ".join(f"{name} text NOT NULL" for name in (*TEXTS, *READ, "tier"))
STAGE = f"""
CREATE UNLOGGED TABLE roster_uploadline (upload_id bigint NOT NULL, line integer NOT NULL, {COLUMNS}, PRIMARY KEY (upload_id, line));
-- The planner knows nothing of a stage that was just filled, and the runtime role may not ask for statistics.
CREATE FUNCTION roster_look_at_stage() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE roster_uploadline (upload_id, line, exam_number, id_number, college);
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("roster", "0003_uploads")]

    operations = [
        migrations.RunSQL(STAGE, "DROP FUNCTION roster_look_at_stage(); DROP TABLE roster_uploadline;")
    ]
