"""What the whole country is made of: SQL that makes rows by arithmetic, so that whatever belongs together is found without looking.

3,000 schools of ten colleges with 424 graduates each, all alike in size. The place of a graduate among a hundred says how far they are:

     0-24  signed online        25-26 waits for the college   27-28 waits for the school   29 invited
    30-76  another destination     77 waits for the college      78 waits for the school   79 rejected
    80-84  record uploaded by the school                      85-99 nothing yet
"""

from __future__ import annotations

from bench.country import NAME, PLACES, YEAR

PROVINCES = 31
COLLEGES = 10
PER_COLLEGE = 424
PER_SCHOOL = COLLEGES * PER_COLLEGE
# One of so many graduates has an account and an open session.
SIGNED_IN = 200
# A unit for so many graduates, one of so many units with a log-in; and the first unit hires one of so many of the whole country.
PER_EMPLOYER, WITH_LOGIN, BY_THE_FIRST = 40, 20, 997
# So many days have changed every counter, so that sums over days are as long as in a season.
DAYS = 30
# A school that imports: no graduates, twenty colleges. Its id follows the last school.
IMPORTING = 20

PLACE = "(g::bigint * 7919 %% 100)"
SCHOOL, COLLEGE = f"1 + (g - 1) / {PER_SCHOOL}", f"1 + (g - 1) / {PER_COLLEGE}"
LEVEL = "(ARRAY['31','41','31','41','31','41','31','11'])[1 + g %% 8]"
TIER = "CASE WHEN g %% 8 = 7 THEN 'postgraduate' ELSE 'undergraduate' END"
EMPLOYER = f"CASE WHEN g %% {BY_THE_FIRST} = 1 THEN 1 ELSE 1 + g %% %(employers)s END"
EMPLOYER_NAME = f"'云岭第' || {EMPLOYER} || '科技有限公司'"
# Destinations other than a signed agreement, by what is usual: contracts, further study, other work, and the rest.
OTHERS = ("11", "11", "11", "11", "801", "801", "12", "12", "76", "85", "751", "502", "46", "803", "271", "721")
DESTINATION = f"CASE WHEN {PLACE} < 30 THEN '10' ELSE (ARRAY{list(OTHERS)})[1 + (g / 7 %% {len(OTHERS)})] END"
BEGAN = "now() - (g::bigint * 7919 %% 4000000 + 200000) * interval '1 second'"

AREAS = (
    PLACES
    + f"""
INSERT INTO orgs_opening (province_id, cohort, module, is_open)
    SELECT p, %(year)s, 'confirmation', true FROM generate_series(1, %(provinces)s) p;
INSERT INTO orgs_school (id, province_id, code, name) VALUES (%(schools)s + 1, 1, '19999', '江临导入大学');
INSERT INTO orgs_college (id, school_id, name)
    SELECT %(colleges)s + c, %(schools)s + 1, '第' || c || '学院' FROM generate_series(1, {IMPORTING}) c;
INSERT INTO orgs_account (id, password, login, name, email, must_change_password)
    SELECT %(schools)s + %(colleges)s + a, '!', 'staff' || a, '工作人员' || a, '', false FROM generate_series(1, %(provinces)s + 2) a;
INSERT INTO orgs_seat (id, account_id, role, node, employment, archive, household, tier, is_administrator)
    SELECT %(schools)s + %(colleges)s + a, %(schools)s + %(colleges)s + a,
        CASE WHEN a <= %(provinces)s THEN 'province' WHEN a = %(provinces)s + 1 THEN 'ministry' ELSE 'school' END,
        CASE WHEN a <= %(provinces)s THEN a WHEN a = %(provinces)s + 1 THEN 0 ELSE %(schools)s + 1 END, 2, 2, 2, 'all', false
    FROM generate_series(1, %(provinces)s + 2) a;
INSERT INTO orgs_session (token_hash, account_id, seat_id, cohort, expires_at, origin, browser)
    SELECT sha256(convert_to(role || '-' || node, 'UTF8')), account_id, id, NULL, now() + interval '10 years', '', ''
    FROM orgs_seat WHERE id > %(schools)s + %(colleges)s;
INSERT INTO orgs_account (id, password, login, name, email, must_change_password)
    SELECT 100000 + g, '!', 'g' || g, {NAME.format(g="g")}, '', false FROM generate_series({SIGNED_IN}, %(graduates)s, {SIGNED_IN}) g;
INSERT INTO orgs_seat (id, account_id, role, node, employment, archive, household, tier, is_administrator)
    SELECT 100000 + g, 100000 + g, 'graduate', g, 2, 2, 2, 'all', false FROM generate_series({SIGNED_IN}, %(graduates)s, {SIGNED_IN}) g;
INSERT INTO orgs_session (token_hash, account_id, seat_id, cohort, expires_at, origin, browser)
    SELECT sha256(convert_to('graduate-' || node, 'UTF8')), account_id, id, NULL, now() + interval '10 years', '', ''
    FROM orgs_seat WHERE role = 'graduate';
INSERT INTO orgs_account (id, password, login, name, email, must_change_password)
    SELECT 50000000 + e, '!', 'e' || e, '李经理', '', false FROM generate_series(1, %(employers)s, {WITH_LOGIN}) e;
INSERT INTO orgs_seat (id, account_id, role, node, employment, archive, household, tier, is_administrator)
    SELECT 50000000 + e, 50000000 + e, 'employer', e, 2, 2, 2, 'all', true FROM generate_series(1, %(employers)s, {WITH_LOGIN}) e;
INSERT INTO orgs_session (token_hash, account_id, seat_id, cohort, expires_at, origin, browser)
    SELECT sha256(convert_to('employer-' || node, 'UTF8')), account_id, id, NULL, now() + interval '10 years', '', ''
    FROM orgs_seat WHERE role = 'employer';
UPDATE orgs_session SET seen_at = now() + interval '1 year';
"""
)

GRADUATES = f"""
INSERT INTO roster_graduate (id, public_id, cohort, school_id, college_id, account_id, exam_number, id_number, name, sex, nation,
        political_status, level, tier, major_code, major, major_direction, training_mode, directed_unit, origin, urban_rural, study_years,
        entered_on, graduates_on, normal_student, hardship, class_name, student_number, birth_date, phone, email, study_form, extra,
        revision, confirmed_revision, confirmed_at, added_at)
    SELECT g, ('10000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, %(year)s, {SCHOOL}, {COLLEGE},
        CASE WHEN g %% {SIGNED_IN} = 0 THEN 100000 + g END, '26' || lpad(g::text, 12, '0'),
        '11010120' || lpad(g::text, 9, '0') || 'X', {NAME.format(g="g")}, 1 + g %% 2, '01', '03', {LEVEL}, {TIER}, '080901',
        '计算机科学与技术', '', '10', '', '110102', '', '4', '202209', '202606', '1', '0', '一班', lpad(g::text, 10, '0'), '20030506',
        '13' || lpad(g::text, 9, '0'), '', '', '{{}}', 1, 1, now() - interval '70 days', now() - interval '80 days'
    FROM generate_series(%(first)s, %(last)s) g"""

RECORDS = f"""
INSERT INTO roster_employmentrecord (id, graduate_id, cohort, school_id, destination, employer_name, credit_code, nature, industry,
        area, address, job_category, contact, phone, mobile, email, number, signed_on, source, "case", version, changed_at)
    SELECT g, g, %(year)s, {SCHOOL}, {DESTINATION}, {EMPLOYER_NAME}, '91110108' || lpad(({EMPLOYER})::text, 10, '0'), '39', '34', '110102',
        '西直门外大街18号楼3层', '13', '李经理', '', '', '', '', NULL, CASE WHEN {PLACE} < 80 THEN 'system' ELSE 'upload' END,
        CASE WHEN {PLACE} < 80 THEN '00000000-0000-4000-8000-' || lpad(g::text, 12, '0') ELSE '' END, 1, {BEGAN}
    FROM generate_series(%(first)s, %(last)s) g WHERE {PLACE} < 25 OR {PLACE} BETWEEN 30 AND 76 OR {PLACE} BETWEEN 80 AND 84"""

STATE = f"""CASE WHEN {PLACE} < 25 OR {PLACE} BETWEEN 30 AND 76 THEN 'effective' WHEN {PLACE} IN (25, 26, 77) THEN 'college_review'
    WHEN {PLACE} IN (27, 28, 78) THEN 'school_review' WHEN {PLACE} = 29 THEN 'invited' ELSE 'rejected' END"""
REGISTRATIONS = f"""
INSERT INTO registration_registration (id, public_id, flow_name, state, live, version, cohort, begun_at, waiting_since, school_id,
        college_id, tier, graduate_id, employer_id, edition, agreement_form, review_mode, number, kind, destination, employer_name,
        job_category, post, terms, employer_shown, student, sent_at, days_open, deadline, answered_at, effective_at, closed_at)
    SELECT g, ('00000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, w.flow, w.state, w.state NOT IN ('invited', 'rejected'),
        CASE w.state WHEN 'invited' THEN 1 WHEN 'college_review' THEN 2 WHEN 'effective' THEN 4 ELSE 3 END, %(year)s, w.began,
        w.began + interval '1 day', {SCHOOL}, {COLLEGE}, {TIER}, g, CASE WHEN w.is_online THEN {EMPLOYER} END, '2024',
        CASE WHEN w.is_online THEN 'three_party' ELSE '' END, CASE WHEN w.state <> 'invited' THEN 'college_then_school' ELSE '' END,
        CASE WHEN w.is_online AND w.state = 'effective' THEN lpad(g::text, 19, '0') END, CASE WHEN w.is_online THEN '' ELSE 'contract' END,
        CASE WHEN w.is_online THEN '' ELSE {DESTINATION} END, {EMPLOYER_NAME}, '13', '数据分析师', %(terms)s::jsonb,
        jsonb_build_object('name', {EMPLOYER_NAME}), CASE WHEN w.state = 'invited' THEN '{{}}'::jsonb
            ELSE jsonb_build_object('name', {NAME.format(g="g")}, 'id_number', '11010120' || lpad(g::text, 9, '0') || 'X', 'revision', 1) END,
        CASE WHEN w.is_online THEN w.began END, CASE WHEN w.is_online THEN 7 END, CASE WHEN w.is_online THEN w.began + interval '7 days' END,
        CASE WHEN w.state <> 'invited' THEN w.began + interval '1 day' END,
        CASE WHEN w.state = 'effective' THEN w.began + interval '2 days' END, CASE WHEN w.state = 'rejected' THEN w.began + interval '2 days' END
    FROM generate_series(%(first)s, %(last)s) g CROSS JOIN LATERAL (
        SELECT {STATE} AS state, {PLACE} < 30 AS is_online, CASE WHEN {PLACE} < 30 THEN 'online_signing' ELSE 'destination' END AS flow,
            {BEGAN} AS began) w
    WHERE {PLACE} < 80"""

ACTS = f"""
INSERT INTO flow_record (flow, "case", cohort, school_id, act, before, after, version, role, node, name, unit, origin, reason, words,
        internal, changes, at, xact)
    SELECT CASE WHEN {PLACE} < 30 THEN 'online_signing' ELSE 'destination' END, '00000000-0000-4000-8000-' || lpad(g::text, 12, '0'),
        %(year)s, {SCHOOL}, a.act, a.before, a.after, a.version, a.role, g, '', '', '', '', '', '', '{{}}',
        {BEGAN} + a.version * interval '12 hours', 1
    FROM generate_series(%(first)s, %(last)s) g JOIN (VALUES ('submit', '', 'college_review', 2, 'graduate'),
        ('approve', 'college_review', 'effective', 4, 'school')) a (act, before, after, version, role)
        ON a.version = 2 OR {PLACE} < 25
    WHERE {PLACE} < 80"""

CONFIRMATIONS = f"""
INSERT INTO transfer_confirmation (id, public_id, flow_name, state, live, version, cohort, begun_at, waiting_since, school_id, college_id,
        tier, graduate_id, content, reported_at, confirmed_at, wrong)
    SELECT g, ('20000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, 'confirmation',
        (ARRAY['unconfirmed','unconfirmed','confirmed','confirmed','confirmed','confirmed','confirmed','disputed'])[1 + g / 3 %% 8],
        false, 2, %(year)s, {BEGAN}, {BEGAN} + interval '5 days', {SCHOOL}, {COLLEGE}, {TIER}, g,
        jsonb_build_object('destination', jsonb_build_object('destination', {DESTINATION}, 'employer_name', {EMPLOYER_NAME})),
        {BEGAN} + interval '5 days', CASE WHEN g / 3 %% 8 BETWEEN 2 AND 6 THEN {BEGAN} + interval '6 days' END, '[]'
    FROM generate_series(%(first)s, %(last)s) g WHERE {PLACE} < 25 OR {PLACE} BETWEEN 30 AND 60"""

NOTICES = f"""
INSERT INTO notice_notice (record, flow, "case", act, cohort, role, node, channel, state, attempts, failure, sent_at, read_at)
    SELECT g, 'online_signing', '00000000-0000-4000-8000-' || lpad(g::text, 12, '0'), 'invite', %(year)s, 'graduate', g, 'inbox', 'sent', 0,
        '', now(), CASE WHEN g %% 3 > 0 THEN now() END
    FROM generate_series(%(first)s, %(last)s) g WHERE {PLACE} < 60"""

# Two at a time: each row of this is the work of one of two connections.
TABLES: tuple[tuple[tuple[str, str], ...], ...] = (
    (("roster_graduate", GRADUATES), ("roster_employmentrecord", RECORDS), ("notice_notice", NOTICES)),
    (("registration_registration", REGISTRATIONS), ("flow_record", ACTS), ("transfer_confirmation", CONFIRMATIONS)),
)
TERMS = {"post": "数据分析师", "pay": "8000 元/月", "work_place": "北京市西城区"}

# What was counted at once is spread over the days of a season, the rest of a division on its first day.
SPREAD = f"""WITH whole AS (DELETE FROM figures_move RETURNING *)
INSERT INTO figures_move (about, cohort, school_id, tier, level, value, source, day, change)
    SELECT about, cohort, school_id, tier, level, value, source, day - d,
        change / {DAYS} + CASE WHEN d = {DAYS} THEN change % {DAYS} ELSE 0 END
    FROM whole CROSS JOIN generate_series(1, {DAYS}) d WHERE change / {DAYS} <> 0 OR d = {DAYS}"""

# One of a hundred has been changed since, by statements that history keeps.
CHANGES = (
    "UPDATE roster_employmentrecord SET contact = '王经理', version = version + 1 WHERE cohort = %(year)s AND id %% 100 = 13",
    "UPDATE roster_graduate SET phone = '139' || lpad((id %% 100000000)::text, 8, '0') WHERE cohort = %(year)s AND id %% 100 = 31",
)
RECIPE = repr((YEAR, AREAS, TABLES, TERMS, SPREAD, CHANGES))


def is_waiting(graduate: int) -> bool:
    """Whether the graduate's agreement waits for the college."""
    return graduate * 7919 % 100 in (25, 26)
