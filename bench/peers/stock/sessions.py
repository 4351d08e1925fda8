"""`python -m bench.peers.stock.sessions`: an open session for every reviewer of a school, under its name."""

import django


def main():
    """Tables for sessions in a schema of their own, and an open session under the name of every reviewer of a school."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.db import connection, transaction

    from qicheng.domain.orgs.models import Seat

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS stock CASCADE")
        cursor.execute("CREATE SCHEMA stock")
        with connection.schema_editor() as editor:
            editor.create_model(Session)
        cursor.execute("GRANT USAGE ON SCHEMA stock TO qicheng_app")
        cursor.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA stock TO qicheng_app")
    store = SessionStore()
    with transaction.atomic():
        for seat in Seat.objects.filter(role="school").select_related("account"):
            given = {
                SESSION_KEY: str(seat.account_id),
                BACKEND_SESSION_KEY: "bench.peers.stock.views.ByNumber",
                HASH_SESSION_KEY: seat.account.get_session_auth_hash(),
            }
            Session.objects.create(
                session_key=f"school-{seat.node}", session_data=store.encode(given), expire_date=store.get_expiry_date()
            )


if __name__ == "__main__":
    django.setup()
    main()
