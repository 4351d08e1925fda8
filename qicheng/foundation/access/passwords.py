"""Password hashing: Argon2id with 19 MiB, two passes, one lane (OWASP's floor; 23 ms where Django's default takes 305)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id with set parameters, so that two cores bear a morning in June."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1


SHORTEST = 10
# Beginnings of the passwords that lists of leaked ones lead with; what is built of them is guessed first.
COMMON = (
    "password", "passw0rd", "qwertyuiop", "1qaz2wsx", "qazwsx", "asdfghjkl", "zxcvbnm", "iloveyou", "admin123", "woaini",
    "5201314", "abc123", "a123456", "88888888", "66666666", "qicheng", "welcome",
)  # fmt: skip
RUNS = ("01234567890123456789", "09876543210987654321", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")


def weakness(password: str, *known: str) -> str:
    """Why a password would be guessed first, in words for its owner, or ''. `known`: log-in, phone, identity number, name."""
    plain = password.lower()
    if len(password) < SHORTEST:
        return f"密码至少 {SHORTEST} 个字符，现在是 {len(password)} 个"
    if len(set(plain)) < 4:
        return "密码里的字符太少，换成至少 4 种不同的"
    if any(plain in run for run in RUNS):
        return "连号和键盘上的一排都太容易猜，换一个"
    if any(word in plain and len(plain) - len(word) < 6 for word in COMMON):
        return "这个密码很多人用过，太容易猜，换一个"
    if any(_stands_in(part.lower(), plain) for part in known):
        return "密码里别放账号、手机号或身份证号"
    return ""


def _stands_in(part: str, password: str) -> bool:
    """Whether a log-in, a phone or an identity number (or the birthday in it) stands in the password."""
    return len(part) >= 6 and (part in password or (len(part) == 18 and part[6:14] in password))
