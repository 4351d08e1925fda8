"""Agreement numbers, identifiers, codes and tokens."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qicheng.foundation.kit import identity, numbers

KEY = b"a key of at least sixteen bytes"
SERIALS = st.integers(0, numbers.SERIALS - 1)


@given(SERIALS, st.booleans(), st.integers(2000, 2099))
def test_an_agreement_number_says_cohort_kind_and_school(serial, by_employer, cohort):
    number = numbers.agreement_number(cohort, by_employer, "10001", serial, KEY)
    assert number[:10] == f"{cohort}{4 if by_employer else 1}10001"
    assert identity.has_form("agreement_number", number)


@given(st.sets(SERIALS, min_size=2, max_size=50))
def test_two_serials_never_give_one_number(serials):
    made = {numbers.agreement_number(2023, True, "10001", serial, KEY) for serial in serials}
    assert len(made) == len(serials)


@given(st.integers(1, 600), st.binary(min_size=16, max_size=32), st.text(max_size=5))
def test_a_permutation_of_any_size_hits_every_number_once(size, key, tweak):
    assert sorted(numbers.permuted(serial, size, key, tweak) for serial in range(size)) == list(range(size))


def test_the_numbers_of_a_school_do_not_tell_how_many_there_are():
    tails = [int(numbers.agreement_number(2023, True, "10001", serial, KEY)[10:]) for serial in range(1000)]
    rises = sum(later > earlier for earlier, later in pairwise(tails))
    assert 400 < rises < 600
    assert len({tail // (numbers.SERIALS // 10) for tail in tails}) == 10


def test_another_key_or_school_gives_other_numbers():
    first = [numbers.agreement_number(2023, True, "10001", serial, KEY)[10:] for serial in range(100)]
    school = [numbers.agreement_number(2023, True, "10007", serial, KEY)[10:] for serial in range(100)]
    key = [numbers.agreement_number(2023, True, "10001", serial, KEY[::-1])[10:] for serial in range(100)]
    assert not set(first) & set(school)
    assert not set(first) & set(key)


def test_a_number_once_given_stays_the_same_in_every_version():
    assert numbers.agreement_number(2023, True, "10001", 0, KEY) == "2023410001762224274"
    assert numbers.agreement_number(2023, False, "10007", 999_999_999, KEY) == "2023110007029403712"


@pytest.mark.parametrize(
    ("cohort", "school", "serial", "key"),
    [
        (23, "10001", 1, KEY),
        (2023, "1001", 1, KEY),
        (2023, "１０００１", 1, KEY),
        (2023, "10001", -1, KEY),
        (2023, "10001", numbers.SERIALS, KEY),
        (2023, "10001", 1, b"short"),
    ],
)
def test_parts_that_do_not_fit_are_refused(cohort, school, serial, key):
    with pytest.raises(ValueError, match=r"year|digits|outside|bytes"):
        numbers.agreement_number(cohort, True, school, serial, key)


def test_identifiers_codes_and_tokens_have_their_form_and_do_not_repeat():
    assert len({numbers.public_id() for _ in range(1000)}) == 1000
    assert re.fullmatch(r"\d{6}", numbers.one_time_code())
    assert re.fullmatch(r"[\w-]{22}", numbers.token())
    assert len({numbers.token() for _ in range(1000)}) == 1000
    secret = numbers.token()
    assert numbers.fingerprint(secret, KEY) == numbers.fingerprint(secret, KEY) != numbers.fingerprint(secret, KEY[1:])


def test_all_bits_of_a_public_identifier_are_random():
    both = [0, 0]
    for _ in range(200):
        both[0] |= (number := numbers.public_id().int)
        both[1] |= ~number
    every = (1 << 128) - 1
    assert (both[0] & every, both[1] & every) == (every, every)
