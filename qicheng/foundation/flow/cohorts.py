"""Tables that are cut by cohort: the rows of a year lie in a partition of their own, which can be set aside and brought back.

Django's models know nothing of it: a table keeps its name and `id` as its key. In the database every key of such a table ends with `cohort`
and every reference to it carries `cohort`. PostgreSQL 15 serves. docs/decisions/0020-partitions-by-cohort.md says why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qicheng.foundation.access import statements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.utils import CursorWrapper

# In the order in which they refer to one another.
CUT = ("roster_graduate", "roster_employmentrecord")
# What a new database can take at once; a cohort that is opened later makes its partitions then.
FIRST = (2025, 2026, 2027)
OTHERS = "others"

_TABLES = f"ARRAY[{', '.join(repr(table) for table in CUT)}]"
_BACKWARDS = f"ARRAY[{', '.join(repr(table) for table in reversed(CUT))}]"
_PATH = "SET search_path = public, pg_temp SET lock_timeout = '5s'"

FUNCTIONS = f"""
CREATE FUNCTION qicheng_loosen(name text) RETURNS text[] LANGUAGE plpgsql {_PATH} AS $$
DECLARE
    tied record;
    again text[] := '{{}}';
BEGIN
    FOR tied IN SELECT conrelid::regclass AS source, conname, pg_get_constraintdef(oid) AS says FROM pg_constraint
        WHERE confrelid = name::regclass AND contype = 'f' AND conparentid = 0 ORDER BY conrelid::regclass::text, conname
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tied.source, tied.conname);
        again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s', tied.source, tied.conname, tied.says);
    END LOOP;
    RETURN again;
END $$;

CREATE FUNCTION qicheng_open_cohort(year integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER {_PATH} AS $$
DECLARE
    name text;
    part text;
    held boolean;
    again text;
    tied text[] := '{{}}';
BEGIN
    IF year NOT BETWEEN 2000 AND 2100 THEN
        RAISE EXCEPTION 'no such cohort: %', year USING ERRCODE = 'QC006';
    END IF;
    FOREACH name IN ARRAY {_TABLES} LOOP
        part := name || '_' || year;
        CONTINUE WHEN to_regclass(part) IS NOT NULL;
        SET CONSTRAINTS ALL IMMEDIATE;
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, name);
        EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE cohort = %s)', name || '_{OTHERS}', year) INTO held;
        IF held THEN
            tied := qicheng_loosen(name);
            EXECUTE format('WITH moved AS (DELETE FROM %I WHERE cohort = %s RETURNING *) INSERT INTO %I SELECT * FROM moved',
                name || '_{OTHERS}', year, part);
        END IF;
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', name, part, year);
        FOREACH again IN ARRAY tied LOOP
            EXECUTE again;
        END LOOP;
        tied := '{{}}';
        SET CONSTRAINTS ALL DEFERRED;
    END LOOP;
END $$;

CREATE FUNCTION qicheng_cohort_opened() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM qicheng_open_cohort(NEW.year);
    RETURN NULL;
END $$;
CREATE TRIGGER orgs_cohort_opens AFTER INSERT ON orgs_cohort FOR EACH ROW EXECUTE FUNCTION qicheng_cohort_opened();

CREATE FUNCTION qicheng_set_aside(year integer) RETURNS void LANGUAGE plpgsql {_PATH} AS $$
DECLARE
    name text;
    part text;
    again text;
    own record;
    tied text[];
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH name IN ARRAY {_BACKWARDS} LOOP
        part := name || '_' || year;
        tied := qicheng_loosen(name);
        EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', name, part);
        FOR own IN SELECT conname FROM pg_constraint WHERE conrelid = part::regclass AND contype = 'f'
            AND confrelid = ANY({_TABLES}::regclass[])
        LOOP
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', part, own.conname);
        END LOOP;
        FOREACH again IN ARRAY tied LOOP
            -- What refers to the year stays where it is, and is looked at again when the year comes back.
            EXECUTE again || CASE WHEN again LIKE '%NOT VALID' OR split_part(again, ' ', 3) = ANY({_TABLES}) THEN '' ELSE ' NOT VALID' END;
        END LOOP;
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT cohort_%s_is_set_aside CHECK (cohort <> %s)', name || '_{OTHERS}', year, year);
    END LOOP;
END $$;

CREATE FUNCTION qicheng_bring_back(year integer) RETURNS void LANGUAGE plpgsql {_PATH} AS $$
DECLARE
    name text;
    again text;
    others boolean;
BEGIN
    SET CONSTRAINTS ALL IMMEDIATE;
    FOREACH name IN ARRAY {_TABLES} LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT cohort_%s_is_set_aside', name || '_{OTHERS}', year);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES IN (%s)', name, name || '_' || year, year);
        SELECT EXISTS (SELECT FROM pg_constraint WHERE conrelid = (name || '_{OTHERS}')::regclass AND conname ~ '^cohort_\\d+_is_set_aside$')
            INTO others;
        CONTINUE WHEN others;
        FOREACH again IN ARRAY qicheng_loosen(name) LOOP
            EXECUTE replace(again, ' NOT VALID', '');
        END LOOP;
    END LOOP;
END $$;

-- The server looks by itself at partitions, never at the table that they make up, by which it plans.
CREATE FUNCTION qicheng_look_at_cohorts() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE {", ".join(CUT)};
END $$;
"""
NO_FUNCTIONS = """
DROP TRIGGER orgs_cohort_opens ON orgs_cohort;
DROP FUNCTION qicheng_cohort_opened(), qicheng_open_cohort(integer), qicheng_set_aside(integer), qicheng_bring_back(integer),
    qicheng_look_at_cohorts(), qicheng_loosen(text);
"""


def look_at_cohorts() -> None:
    """Let the database look at what the tables hold, by which it plans."""
    statements.change("SELECT qicheng_look_at_cohorts()")


def reference(table: str, column: str, target: str = CUT[0]) -> str:
    """SQL of a reference from a column to the `id` of a table that is cut; the model says `db_constraint=False`."""
    return f"""ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_of_cohort FOREIGN KEY (cohort, {column})
        REFERENCES {target} (cohort, id) DEFERRABLE INITIALLY DEFERRED;"""


def cut(cursor: CursorWrapper, table: str) -> None:
    """Turn a table as Django made it, with its rows, into one that is cut by cohort; in the caller's transaction."""
    _rebuild(cursor, table, is_cut=True)


def mend(cursor: CursorWrapper, table: str) -> None:
    """Turn a table that is cut back into one as Django makes it; years that are set aside stay aside."""
    _rebuild(cursor, table, is_cut=False)


def _rebuild(cursor: CursorWrapper, table: str, *, is_cut: bool) -> None:
    """Copy a table into one of the other form and give it all that stood on the first: keys, indexes, references, triggers, rights."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    new, sequence, kept = f"{table}_new", f"{table}_id_seq", f"{table}_kept_seq"
    outside = _all(cursor, _REFERENCES.format(side="confrelid"), table)
    keys = _all(cursor, _KEYS, table)
    inside = _all(cursor, _REFERENCES.format(side="conrelid"), table)
    indexes = _all(cursor, _INDEXES, table)
    triggers = _all(cursor, _TRIGGERS, table)
    rights = _all(cursor, _RIGHTS, table, sequence)
    years = _years(cursor, table)
    ((last, is_called),) = _all(cursor, f"SELECT last_value, is_called FROM {sequence}")
    for source, name, *_ in outside:
        cursor.execute(f'ALTER TABLE {source} DROP CONSTRAINT "{name}"')

    shape = f"CREATE TABLE {new} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
    if is_cut:
        cursor.execute(f"{shape} PARTITION BY LIST (cohort); CREATE SEQUENCE {kept} OWNED BY {new}.id")
        cursor.execute(f"ALTER TABLE {new} ALTER id SET DEFAULT nextval('{kept}')")
        for year in years:
            cursor.execute(f"CREATE TABLE {table}_{year} PARTITION OF {new} FOR VALUES IN ({year})")
        cursor.execute(f"CREATE TABLE {table}_{OTHERS} PARTITION OF {new} DEFAULT")
    else:
        cursor.execute(f"{shape}; ALTER TABLE {new} ALTER id DROP DEFAULT")
    cursor.execute(f"INSERT INTO {new} SELECT * FROM {table}; DROP TABLE {table}; ALTER TABLE {new} RENAME TO {table}")
    if is_cut:
        cursor.execute(f"ALTER SEQUENCE {kept} RENAME TO {sequence}")
    else:
        cursor.execute(f"ALTER TABLE {table} ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME {sequence})")
    cursor.execute("SELECT setval(%s, %s, %s)", (sequence, last, is_called))

    for name, kind, columns in keys:
        wide = [*columns, "cohort"] if is_cut and "cohort" not in columns else columns
        narrow = wide if is_cut or wide[-1] != "cohort" else wide[:-1]
        what = "PRIMARY KEY" if kind == "p" else "UNIQUE"
        cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {what} ({", ".join(narrow)})')
    for statement in (*indexes, *triggers, *rights):
        cursor.execute(statement[0])
    for source, name, says, *_ in inside:
        cursor.execute(f'ALTER TABLE {source} ADD CONSTRAINT "{name}" {says}')
    for source, name, _, columns, targets in outside:
        # Each key of the one that refers, with the key that it means.
        meant = dict(zip(columns, targets, strict=True))
        meant = {"cohort": "cohort"} | meant if is_cut else {own: key for own, key in meant.items() if own != "cohort"}
        cursor.execute(
            f'ALTER TABLE {source} ADD CONSTRAINT "{name}" FOREIGN KEY ({", ".join(meant)}) '
            f"REFERENCES {table} ({', '.join(meant.values())}) DEFERRABLE INITIALLY DEFERRED"
        )
    cursor.execute(f"ANALYZE {table}")


def _years(cursor: CursorWrapper, table: str) -> Iterable[int]:
    found = _all(cursor, f"SELECT year FROM orgs_cohort UNION SELECT DISTINCT cohort FROM {table}")
    return sorted({*FIRST, *(year for (year,) in found)})


def _all(cursor: CursorWrapper, sql: str, *parameters: str) -> list[Any]:
    cursor.execute(sql, parameters or None)
    return cursor.fetchall()


_NAMES = """ARRAY(SELECT a.attname::text FROM unnest({keys}) WITH ORDINALITY k(number, place)
    JOIN pg_attribute a ON a.attrelid = {relation} AND a.attnum = k.number ORDER BY k.place)"""
_REFERENCES = f"""SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), {_NAMES.format(keys="conkey", relation="conrelid")},
    {_NAMES.format(keys="confkey", relation="confrelid")}
    FROM pg_constraint WHERE {{side}} = %s::regclass AND contype = 'f' AND conparentid = 0 ORDER BY 1, 2"""
_KEYS = f"""SELECT conname, contype::text, {_NAMES.format(keys="conkey", relation="conrelid")} FROM pg_constraint
    WHERE conrelid = %s::regclass AND contype IN ('p', 'u') ORDER BY conname"""
_INDEXES = """SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index i WHERE indrelid = %s::regclass
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid AND c.contype IN ('p', 'u')) ORDER BY indexrelid"""
_TRIGGERS = (
    "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal ORDER BY tgname"
)
_RIGHTS = """SELECT format('GRANT %%s ON %%s %%s TO %%s', string_agg(r.privilege_type, ', '),
        CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass, r.grantee::regrole)
    FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) r
    WHERE c.oid IN (%s::regclass, %s::regclass) AND r.grantee NOT IN (0, c.relowner) GROUP BY c.oid, c.relkind, r.grantee"""
