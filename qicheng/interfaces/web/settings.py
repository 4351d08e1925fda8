"""All settings, every one of them from the environment; docs/settings.md is their manual."""

import os
import secrets
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

PACKAGE = Path(__file__).resolve().parents[2]


def _list(name: str, default: str = "") -> list[str]:
    return [item.strip() for item in os.environ.get(name, default).split(",") if item.strip()]


def _database(url: str) -> dict[str, object]:
    """Django's form of a postgresql:// address (any form that libpq reads)."""
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "qicheng"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # Hot statements are prepared after their first run (foundation/access/statements.py). Requests touch hundreds of rows: to
        # start parallel workers for them costs more than the statement, so only what goes through a whole country gets any.
        "OPTIONS": {"prepare_threshold": 1, "options": "-c parallel_setup_cost=50000", **parts},
    }


DEBUG = os.environ.get("QICHENG_DEBUG") == "1"
SECRET_KEY = os.environ.get("QICHENG_SECRET_KEY") or secrets.token_urlsafe(48)
# Agreement numbers are a permutation under this key: it must outlive every rotation of the secret key (REG-11).
QICHENG_NUMBER_KEY = os.environ.get("QICHENG_NUMBER_KEY") or SECRET_KEY
ALLOWED_HOSTS = _list("QICHENG_HOSTS", "localhost,127.0.0.1,[::1]")
QICHENG_TLS = os.environ.get("QICHENG_TLS") == "1"
QICHENG_FILES = Path(os.environ.get("QICHENG_FILES", "var/files"))
# What the codes of reports are signed with for those who check without a network (VER-01); without a key reports wait.
QICHENG_STATEMENT_KEYS = Path(os.environ.get("QICHENG_STATEMENT_KEYS", "var/keys/statements"))
# What seals reports (REP-02): PKCS#12, or PEM with key, certificate and chain; and who vouches for seals, once keys have changed.
QICHENG_SEAL = os.environ.get("QICHENG_SEAL", "")
QICHENG_SEAL_PASSWORD = os.environ.get("QICHENG_SEAL_PASSWORD", "")
QICHENG_SEAL_TRUST = os.environ.get("QICHENG_SEAL_TRUST", "")
QICHENG_SITE = {
    "sponsor": os.environ.get("QICHENG_SPONSOR", ""),
    "icp": os.environ.get("QICHENG_ICP", ""),
    "police": os.environ.get("QICHENG_POLICE", ""),
    "site_code": os.environ.get("QICHENG_SITE_CODE", ""),
    "help_line": os.environ.get("QICHENG_HELP_LINE", ""),
}
# Business status of employers (EMP-03) and the SMS gateway (NOT-01): an address and a key switch each of them on.
QICHENG_REGISTRY_URL = os.environ.get("QICHENG_REGISTRY_URL", "")
QICHENG_REGISTRY_KEY = os.environ.get("QICHENG_REGISTRY_KEY", "")
QICHENG_REGISTRY_SECONDS = float(os.environ.get("QICHENG_REGISTRY_SECONDS", "2"))
QICHENG_SMS_URL = os.environ.get("QICHENG_SMS_URL", "")
QICHENG_SMS_KEY = os.environ.get("QICHENG_SMS_KEY", "")
QICHENG_SMS_PROVIDER = os.environ.get("QICHENG_SMS_PROVIDER", "")
QICHENG_SMS_ACCESS_KEY = os.environ.get("QICHENG_SMS_ACCESS_KEY", "")
QICHENG_SMS_SIGN = os.environ.get("QICHENG_SMS_SIGN", "")
QICHENG_SMS_TEMPLATE = os.environ.get("QICHENG_SMS_TEMPLATE", "")
QICHENG_SMS_CODE_TEMPLATE = os.environ.get("QICHENG_SMS_CODE_TEMPLATE", "")
# The WeChat official account (NOT-01, ORG-11): its number and secret switch it on.
QICHENG_WECHAT_APP = os.environ.get("QICHENG_WECHAT_APP", "")
QICHENG_WECHAT_SECRET = os.environ.get("QICHENG_WECHAT_SECRET", "")
QICHENG_WECHAT_TOKEN = os.environ.get("QICHENG_WECHAT_TOKEN", "")
QICHENG_WECHAT_AES_KEY = os.environ.get("QICHENG_WECHAT_AES_KEY", "")
QICHENG_WECHAT_TEMPLATE = os.environ.get("QICHENG_WECHAT_TEMPLATE", "")
QICHENG_WECHAT_FIELDS = (_list("QICHENG_WECHAT_FIELDS", "thing1,thing2") * 2)[:2]
QICHENG_WECHAT_URL = os.environ.get("QICHENG_WECHAT_URL", "https://api.weixin.qq.com")
# Of a trial: a stand-in plays WeChat, and codes to scan are links too.
QICHENG_WECHAT_STAND_IN = os.environ.get("QICHENG_WECHAT_STAND_IN") == "1"
QICHENG_WECHAT_OPEN = os.environ.get("QICHENG_WECHAT_OPEN", "https://open.weixin.qq.com")
# Schools' own log-ins (CAM-06): where their servers may stand beside the public internet, and how long one is waited for.
QICHENG_SIGN_ON_NETWORKS = _list("QICHENG_SIGN_ON_NETWORKS", "127.0.0.0/8,::1/128" if DEBUG else "")
QICHENG_SIGN_ON_SECONDS = float(os.environ.get("QICHENG_SIGN_ON_SECONDS", "3"))
# Schools' own systems that are told of changes (SYN-02): where they may stand beside the public internet.
QICHENG_WEBHOOK_NETWORKS = _list("QICHENG_WEBHOOK_NETWORKS", "127.0.0.0/8,::1/128" if DEBUG else "")
QICHENG_ADDRESS = os.environ.get("QICHENG_ADDRESS", "http://localhost:8000")

EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend"
    if os.environ.get("QICHENG_SMTP_HOST")
    else "django.core.mail.backends.filebased.EmailBackend"
)
EMAIL_FILE_PATH = QICHENG_FILES / "mail"
EMAIL_HOST = os.environ.get("QICHENG_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("QICHENG_SMTP_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("QICHENG_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("QICHENG_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("QICHENG_SMTP_TLS") == "1"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("QICHENG_MAIL_FROM", "qicheng@localhost")

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
    "qicheng.foundation.papers",
    "qicheng.foundation.notice",
    "qicheng.foundation.flow",
    "qicheng.domain.orgs",
    "qicheng.domain.roster",
    "qicheng.domain.registration",
    "qicheng.domain.transfer",
    "qicheng.domain.campus",
    "qicheng.domain.figures",
    "qicheng.interfaces.web",
    "qicheng.interfaces.jobs",
]

MIDDLEWARE = [
    "qicheng.interfaces.web.middleware.headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "qicheng.interfaces.web.middleware.who_asks",
]

ROOT_URLCONF = "qicheng.interfaces.command.urls"
WSGI_APPLICATION = "qicheng.interfaces.web.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [
            PACKAGE / "interfaces/web/templates",
            PACKAGE / "interfaces/api/templates",
            *sorted((PACKAGE / "domain").glob("*/templates")),
        ],
        "APP_DIRS": False,
        "OPTIONS": {"environment": "qicheng.interfaces.web.jinja.environment"},
    },
]

DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///qicheng"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "orgs.Account"
PASSWORD_HASHERS = ["qicheng.foundation.access.passwords.Argon2"]
PROCRASTINATE_ON_APP_READY = None

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("QICHENG_STATIC", "var/static"))
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

CSRF_COOKIE_NAME = "__Host-csrf" if QICHENG_TLS else "csrf"
CSRF_COOKIE_SECURE = QICHENG_TLS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = _list("QICHENG_ORIGINS")
CSRF_FAILURE_VIEW = "qicheng.interfaces.web.errors.stale_form"
QICHENG_SESSION_COOKIE = "__Host-session" if QICHENG_TLS else "session"
SECURE_SSL_REDIRECT = QICHENG_TLS and os.environ.get("QICHENG_TLS_REDIRECT") == "1"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if QICHENG_TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if QICHENG_TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Addresses of proxies whose X-Forwarded-For is believed; without one the peer's own address is taken.
QICHENG_PROXIES = _list("QICHENG_PROXIES")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000
FILE_UPLOAD_PERMISSIONS = 0o600

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(number)s %(message)s"}},
    "filters": {"number": {"()": "qicheng.interfaces.web.numbered.Numbered"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["number"]}},
    "root": {"handlers": ["console"], "level": os.environ.get("QICHENG_LOG", "INFO")},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
