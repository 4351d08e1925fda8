"""A university's own log-in for the tests, in a process of its own: a CAS 3 server and an OpenID provider, as universities run them.

django-cas-server and django-oauth-toolkit speak; here they are only put up, told of people, and (for OpenID) made to err on demand.
Started as `python -m tests.campus_server FOLDER KEY`; prints its port.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

PAGE = "<form method='post'>{% csrf_token %}{{ form }}<input type='hidden' name='next' value='{{ next }}'><button>登录</button></form>"


def configure(folder: Path, key: Path) -> None:
    settings.configure(
        SECRET_KEY="only-for-tests", ALLOWED_HOSTS=["*"], DEBUG=False, USE_TZ=True, ROOT_URLCONF=__name__, STATIC_URL="/static/",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", LOGIN_URL="/accounts/login/",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "campus.sqlite3", "OPTIONS": {"timeout": 20}}},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
            "django.contrib.staticfiles", "cas_server", "oauth2_provider",
        ],
        MIGRATION_MODULES=dict.fromkeys(["auth", "contenttypes", "sessions", "cas_server", "oauth2_provider"]),
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request", "django.contrib.messages.context_processors.messages"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }],
        CAS_LOGIN_TEMPLATE="registration/login.html", CAS_AUTH_CLASS="cas_server.auth.DjangoAuthUser", CAS_LOGO_URL=None, CAS_FAVICON_URL=None, CAS_NEW_VERSION_HTML_WARNING=False,
        CAS_NEW_VERSION_EMAIL_WARNING=False,
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True, "OIDC_RSA_PRIVATE_KEY": key.read_text(), "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who", "profile": "more"}, "OAUTH2_VALIDATOR_CLASS": f"{__name__}.Provider",
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True, "ALLOWED_REDIRECT_URI_SCHEMES": ["http", "https"],
        },
    )  # fmt: skip
    django.setup()


if __name__ == "__main__":
    sys.modules["tests.campus_server"] = sys.modules["__main__"]
    __name__ = "tests.campus_server"
    configure(Path(sys.argv[1]), Path(sys.argv[2]))

    from django.contrib.auth.models import User
    from django.contrib.auth.views import LoginView
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import include, path
    from django.views.decorators.csrf import csrf_exempt
    from oauth2_provider.models import Application
    from oauth2_provider.oauth2_validators import OAuth2Validator

    # What the provider gets wrong until told otherwise: claims of the next ID tokens, or "signature".
    WRONG: dict[str, Any] = {}

    class Provider(OAuth2Validator):
        """Tells the number under `xgh`, as campuses do; errs as it was told."""

        oidc_claim_scope = None

        def get_additional_claims(self, request: Any) -> dict[str, Any]:
            return {"xgh": request.user.last_name, "preferred_username": request.user.username}

        def finalize_id_token(self, id_token: dict[str, Any], token: Any, handler: Any, request: Any) -> str:
            if "nonce" in WRONG:
                id_token["nonce"] = WRONG["nonce"]
            if "aud" in WRONG:
                id_token["aud"] = WRONG["aud"]
            signed = super().finalize_id_token(id_token, token, handler, request)
            if "signature" not in WRONG:
                return signed
            head, _, signature = signed.split(".")
            return ".".join((head, WRONG["signature"], signature))

        def get_id_token_dictionary(self, token: Any, handler: Any, request: Any) -> tuple[dict[str, Any], Any]:
            claims, until = super().get_id_token_dictionary(token, handler, request)
            return {**claims, **{name: value for name, value in WRONG.items() if name in ("exp", "iss", "azp")}}, until

    @csrf_exempt
    def told(request: HttpRequest) -> HttpResponse:
        """What the tests say of people, clients and mistakes."""
        given = json.loads(request.body)
        for name, number in given.get("people", {}).items():
            user, _ = User.objects.get_or_create(username=name)
            user.last_name = number
            user.set_password(f"of-{name}")
            user.save()
        for client in given.get("clients", ()):
            Application.objects.update_or_create(
                client_id=client["client_id"],
                defaults={
                    "client_type": "confidential", "authorization_grant_type": "authorization-code", "skip_authorization": True,
                    "algorithm": "RS256", "redirect_uris": client["back"], "client_secret": client["secret"],
                    "post_logout_redirect_uris": client.get("off", ""),
                },
            )  # fmt: skip
        if "log_out_to" in given:
            ServicePattern.objects.update(single_log_out_callback=given["log_out_to"])
        if "wrong" in given:
            WRONG.clear()
            WRONG.update(given["wrong"])
        return HttpResponse()

    urlpatterns = [
        path("-/told/", told),
        path("cas/", include("cas_server.urls", namespace="cas_server")),
        path("accounts/login/", LoginView.as_view()),
        path("oidc/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    ]

    from cas_server.models import ReplaceAttributName, ServicePattern

    class Silent(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nothing on the console."""

    class Threaded(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    call_command("migrate", run_syncdb=True, verbosity=0)
    pattern = ServicePattern.objects.create(pos=1, name="all", pattern="^http", single_log_out=True)
    for field, told_as in (("username", "username"), ("last_name", "xgh")):
        ReplaceAttributName.objects.create(name=field, replace=told_as, service_pattern=pattern)
    server = make_server("127.0.0.1", 0, get_wsgi_application(), Threaded, Silent)
    # Whoever started it holds its input: it ends with them, however they end.
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    print(server.server_port, flush=True)
    server.serve_forever(0.05)
