"""Numbers that are given out: agreement numbers that tell nothing, numbers of reports, public identifiers, one-time codes and tokens."""

import hashlib
import hmac
import secrets
import unicodedata
import uuid

SERIALS = 10**9
ROUNDS = 10
# What a number that is typed from paper is made of: none of I, L, O and U, which eyes and keyboards mistake.
CLEAR = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISTAKEN = str.maketrans("OIL", "011", " -‐–—·\u3000\t")
DRAWN = 11
STARTED_BY_GRADUATE, STARTED_BY_EMPLOYER = "1", "4"


def agreement_number(cohort: int, started_by_employer: bool, school_code: str, serial: int, key: bytes) -> str:
    """The 19 digits of an agreement (REG-11): year, kind, school code, and nine digits that do not count.

    `serial` counts from 0 below 10^9 and must not be used twice under one cohort, kind and school; then no number
    occurs twice, as long as the key stays the same. ValueError for parts that do not fit.
    """
    if not 2000 <= cohort <= 2099:
        raise ValueError("the cohort is a year from 2000 to 2099")
    if not (len(school_code) == 5 and school_code.isascii() and school_code.isdigit()):
        raise ValueError("a school code has five digits")
    head = f"{cohort}{STARTED_BY_EMPLOYER if started_by_employer else STARTED_BY_GRADUATE}{school_code}"
    return f"{head}{permuted(serial, SERIALS, key, head):09d}"


def report_number(cohort: int, school_code: str) -> str:
    """The 18 characters of a report (转递编号, 核验编号): year 2, school code 5, and eleven drawn at random, 55 bits.

    ValueError for parts that do not fit.
    """
    if not 2000 <= cohort <= 2099:
        raise ValueError("the cohort is a year from 2000 to 2099")
    if not (len(school_code) == 5 and school_code.isascii() and school_code.isdigit()):
        raise ValueError("a school code has five digits")
    return f"{cohort % 100:02d}{school_code}{''.join(secrets.choice(CLEAR) for _ in range(DRAWN))}"


def read_report_number(typed: str) -> str | None:
    """The number that somebody meant who typed it from paper: spaces, dashes, small letters and mistakable ones put right; None where it is none."""
    number = unicodedata.normalize("NFKC", typed).upper().translate(MISTAKEN)
    is_one = len(number) == 7 + DRAWN and number[:7].isdigit() and set(number) <= set(CLEAR)
    return number if is_one else None


def grouped(number: str) -> str:
    """A report's number as it is printed, in groups of four for whoever types it."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def permuted(serial: int, size: int, key: bytes, tweak: str = "") -> int:
    """Another number below `size`, by a keyed permutation: two serials never meet, and order does not show.

    A Feistel network over the next even number of bits, walked on until it falls below `size`; each `tweak` has a
    permutation of its own.
    """
    if not 0 <= serial < size:
        raise ValueError(f"the serial lies outside 0 to {size - 1}")
    if len(key) < 16:
        raise ValueError("the key has at least 16 bytes")
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    seed = hmac.new(key, b"permutation", hashlib.sha256)
    seed.update(f"|{size}|{tweak}|".encode())
    value = serial
    while True:
        high, low = value >> half, value & mask
        for turn in range(ROUNDS):
            mixer = seed.copy()
            mixer.update(bytes((turn,)) + low.to_bytes(16, "big"))
            high, low = low, high ^ (int.from_bytes(mixer.digest()[:16], "big") & mask)
        value = high << half | low
        if value < size:
            return value


def public_id() -> uuid.UUID:
    """An identifier for addresses: 128 random bits, all of them random, in the form of a UUID."""
    return uuid.UUID(bytes=secrets.token_bytes(16))


def one_time_code(digits: int = 6) -> str:
    """A code to be typed once, leading zeros kept."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def token(bits: int = 128) -> str:
    """A secret for a link, in letters that an address can carry."""
    return secrets.token_urlsafe(bits // 8)


def fingerprint(secret: str, key: bytes) -> str:
    """What is stored of a token or a code: a keyed digest in hexadecimal, of no use without the key."""
    return hmac.new(key, secret.encode(), hashlib.sha256).hexdigest()
