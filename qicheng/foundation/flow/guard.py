"""What the database refuses by itself: steps no flow declares, frozen columns, records that shrink (§5a).

The functions are plain SQL with a fixed search path; migrations install them, `write_declarations` fills the tables that they ask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from .cohorts import CUT
from .declare import FLOWS

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from .models import Case

FUNCTIONS = """
CREATE OR REPLACE FUNCTION qicheng_refuse() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'QC001';
END $$;

CREATE OR REPLACE FUNCTION qicheng_guard_case() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    actor text := current_setting('qicheng.role', true);
    frozen text[] := string_to_array(TG_ARGV[0], ',');
    routing text[] := string_to_array(TG_ARGV[1], ',');
    was jsonb;
    changed text[];
    free text[];
    stood flow_standing%ROWTYPE;
    stands flow_standing%ROWTYPE;
BEGIN
    SELECT * INTO stands FROM flow_standing WHERE flow = NEW.flow_name AND state = NEW.state;
    IF NOT FOUND OR stands.live <> NEW.live THEN
        RAISE EXCEPTION 'no such standing: % %', NEW.flow_name, NEW.state USING ERRCODE = 'QC002';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.version <> 1 OR NOT EXISTS (SELECT 1 FROM flow_step s WHERE s.flow = NEW.flow_name AND s.before = ''
                AND s.after = NEW.state AND s.role = actor) THEN
            RAISE EXCEPTION 'no flow begins so: % % by %', NEW.flow_name, NEW.state, actor USING ERRCODE = 'QC003';
        END IF;
        RETURN NEW;
    END IF;
    was := to_jsonb(OLD);
    SELECT coalesce(array_agg(n.key), '{}') INTO changed FROM jsonb_each(to_jsonb(NEW)) n WHERE n.value IS DISTINCT FROM was -> n.key;
    IF changed <@ routing AND changed <> '{}' THEN
        RETURN NEW;
    END IF;
    IF NEW.version <> OLD.version + 1 THEN
        RAISE EXCEPTION 'version % after %', NEW.version, OLD.version USING ERRCODE = 'QC004';
    END IF;
    SELECT * INTO stood FROM flow_standing WHERE flow = OLD.flow_name AND state = OLD.state;
    free := ARRAY(SELECT jsonb_array_elements_text(stood.amendable));
    IF EXISTS (SELECT 1 FROM unnest(changed) c WHERE c = ANY(frozen) AND c <> ALL(free)) THEN
        RAISE EXCEPTION 'frozen columns: %', changed USING ERRCODE = 'QC005';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM flow_step s WHERE s.flow = NEW.flow_name AND s.before = OLD.state AND s.after = NEW.state
            AND s.role = actor) THEN
        RAISE EXCEPTION 'no flow steps so: % % to % by %', NEW.flow_name, OLD.state, NEW.state, actor USING ERRCODE = 'QC003';
    END IF;
    IF stood.settled AND NOT (changed <@ (ARRAY['state', 'live', 'version', 'waiting_since', 'closed_at'] || free)) THEN
        RAISE EXCEPTION 'settled, and not amendable: %', changed USING ERRCODE = 'QC005';
    END IF;
    RETURN NEW;
END $$;

-- Planned once a connection, for as many rows as came first: a hundred thousand after one must not be compared each with each.
CREATE OR REPLACE FUNCTION qicheng_history() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp SET enable_nestloop = off AS $$
BEGIN
    INSERT INTO flow_history (table_name, row_id, at, role, account, was, became)
    SELECT TG_TABLE_NAME, o.id, clock_timestamp(), coalesce(current_setting('qicheng.role', true), ''),
        coalesce(current_setting('qicheng.account', true), ''), w.was, w.became
    FROM old_rows o JOIN new_rows n USING (id) CROSS JOIN LATERAL (
        SELECT jsonb_object_agg(b.key, b.value) AS was, jsonb_object_agg(b.key, to_jsonb(n) -> b.key) AS became
        FROM jsonb_each(to_jsonb(o)) b WHERE b.value IS DISTINCT FROM to_jsonb(n) -> b.key) w
    WHERE w.was IS NOT NULL;
    RETURN NULL;
END $$;
"""

TABLES = """
CREATE TABLE flow_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    table_name text NOT NULL, row_id bigint NOT NULL, at timestamptz NOT NULL,
    role text NOT NULL, account text NOT NULL, was jsonb NOT NULL, became jsonb NOT NULL
);
CREATE INDEX flow_history_row ON flow_history (table_name, row_id, id);
"""


def only_grows(table: str) -> str:
    """SQL that lets rows be added and nothing else."""
    return f"""
CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION qicheng_refuse();
CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION qicheng_refuse();
"""


def guard(table: str, model: type[Case]) -> str:
    """SQL that holds a table of cases to what its flows declare; `model` names frozen and routing columns."""
    return f"""
CREATE TRIGGER {table}_guard BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW EXECUTE FUNCTION qicheng_guard_case('{",".join(model.frozen)}', '{",".join(model.routing)}');
CREATE TRIGGER {table}_keeps BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION qicheng_refuse();
CREATE TRIGGER {table}_stays BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION qicheng_refuse();
"""


def history(table: str) -> str:
    """SQL that keeps what every change of a row was and became, whichever way it came."""
    return f"""
CREATE TRIGGER {table}_history AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION qicheng_history();
"""


def without(kinds: str, *tables: str) -> str:
    """SQL that takes triggers off again, for the way back of a migration; `kinds` are their names after the table's."""
    return "".join(f"DROP TRIGGER {table}_{kind} ON {table}; " for table in tables for kind in kinds.split())


def write_declarations() -> None:
    """Write the steps and states of all flows into the guard's tables; `migrate` calls it as the owner."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM flow_step")
        cursor.execute("DELETE FROM flow_standing")
        for flow in FLOWS.values():
            cursor.executemany(
                "INSERT INTO flow_step (flow, before, after, role) VALUES (%s, %s, %s, %s)",
                [(flow.name, *step) for step in sorted(flow.steps)],
            )
            cursor.executemany(
                "INSERT INTO flow_standing (flow, state, live, settled, amendable) VALUES (%s, %s, %s, %s, to_jsonb(%s::text[]))",
                [(flow.name, s.key, s.live, s.settled, list(s.amendable)) for s in flow.states.values()],
            )


# What the runtime role may do beyond reading and adding: nothing that its table is not named for.
CHANGED = "UPDATE"
NEVER_CHANGED = ("flow_record", "flow_history", "transfer_reportnumber")
OWNER_ONLY = ("flow_step", "flow_standing", "django_migrations")
DELETABLE = (
    "notice_refusal",
    "orgs_session",
    "orgs_bindingscene",
    "orgs_attempt",
    "orgs_logincode",
    "orgs_contact",
    "orgs_keycall",
    "orgs_keyanswer",
    "orgs_webhookdelivery",
    "figures_move",
    "figures_nightly",
    "roster_uploadline",
    "roster_uploadfault",
    "roster_upload",
    "roster_employmentuploadline",
    "roster_employmentuploadfault",
    *(f"transfer_{area}upload{what}" for area in ("archive", "household") for what in ("line", "fault")),
)


def grant(database: BaseDatabaseWrapper, role: str) -> None:
    """Give the runtime role its rights: read, add, change; delete only where rows are not kept; no TRUNCATE, TEMP or DDL."""
    quoted = database.ops.quote_name(role)
    with database.cursor() as cursor:
        # Nobody but the owner reaches a partition by its own name, nor a year that is set aside: the guards stand on the whole table.
        cursor.execute(
            """SELECT relname, relispartition OR relname ~ %s FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')""",
            [rf"^({'|'.join(CUT)})_\d+$"],
        )
        tables = cursor.fetchall()
        cursor.execute("SELECT current_database()")
        (name,) = cursor.fetchone()
        cursor.execute(f"REVOKE TEMPORARY, CREATE ON DATABASE {database.ops.quote_name(name)} FROM PUBLIC")
        cursor.execute(f"GRANT CONNECT ON DATABASE {database.ops.quote_name(name)} TO {quoted}")
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {quoted}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {quoted}")
        cursor.execute(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {quoted}")
        for table, is_part in tables:
            cursor.execute(f"REVOKE ALL ON {table} FROM {quoted}")
            if not is_part:
                cursor.execute(f"GRANT {', '.join(_rights(table))} ON {table} TO {quoted}")


def _rights(table: str) -> list[str]:
    if table in OWNER_ONLY:
        return ["SELECT"]
    if table in NEVER_CHANGED:
        return ["SELECT", "INSERT"]
    if table in DELETABLE or table.startswith("procrastinate_"):
        return ["SELECT", "INSERT", "UPDATE", "DELETE"]
    return ["SELECT", "INSERT", "UPDATE"]
