"""Password hashing: Argon2id with 19 MiB, two passes, one lane (OWASP's floor; 23 ms where Django's default takes 305)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with set parameters, so that two cores bear a morning in June."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
