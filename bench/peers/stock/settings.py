"""What `django-admin startproject` gives, on the product's tables, with connections that stay open and pages that are compressed."""

import os

from qicheng.interfaces.web.settings import _database

SECRET_KEY = "only-for-measuring"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages",
    "procrastinate.contrib.django", "qicheng.foundation.papers", "qicheng.foundation.notice", "qicheng.foundation.flow",
    "qicheng.domain.orgs", "qicheng.domain.roster", "qicheng.domain.registration", "bench.peers.stock",
]  # fmt: skip
MIDDLEWARE = [
    "django.middleware.gzip.GZipMiddleware", "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware",
]  # fmt: skip
ROOT_URLCONF = "bench.peers.stock.views"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [os.environ.get("BENCH_TEMPLATES", "")],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["bench.peers.stock.templatetags.words"],
        },
    },
]  # fmt: skip
DATABASES = {"default": _database(os.environ["DATABASE_URL"])}
DATABASES["default"]["OPTIONS"] = {"options": "-c search_path=stock,public"}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "orgs.Account"
AUTHENTICATION_BACKENDS = ["bench.peers.stock.views.ByNumber"]
SESSION_COOKIE_NAME = "session"
PROCRASTINATE_ON_APP_READY = None
LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
QICHENG_NUMBER_KEY = SECRET_KEY
WSGI_APPLICATION = "django.core.wsgi.get_wsgi_application"
LOGGING = {
    "disable_existing_loggers": False,
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "ERROR"},
}
