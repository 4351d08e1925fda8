"""Budget 9: what a check of a password costs, against Django's default hasher."""

from __future__ import annotations

import os
import time

from bench.figures import ROUNDS, Figure, against

CHECKS = 20
PASSWORD = "Qicheng-2026"


def measure() -> list[Figure]:
    """CPU seconds of one check, both ways, in turns."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qicheng.interfaces.web.settings")
    from django.conf import settings
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.utils.module_loading import import_string

    own, default = import_string(settings.PASSWORD_HASHERS[0])(), PBKDF2PasswordHasher()
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(_cost(own, CHECKS))
        theirs.append(_cost(default, CHECKS // 5))
    return [against(9, "password check, CPU, against PBKDF2", "s", ours, theirs, 1 / 8, at_least=False)]


def _cost(hasher: object, times: int) -> float:
    encoded = hasher.encode(PASSWORD, hasher.salt())  # type: ignore[attr-defined]
    started = time.process_time()
    for _ in range(times):
        assert hasher.verify(PASSWORD, encoded)  # type: ignore[attr-defined]
    return (time.process_time() - started) / times
