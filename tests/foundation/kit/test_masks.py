"""What personal data show to those who need not see them whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qicheng.foundation.kit import masks


@pytest.mark.parametrize(
    ("mask", "text", "shown"),
    [
        (masks.id_number, "32068119971123082X", "**************082X"),
        (masks.id_number, "12345678", "********"),
        (masks.id_number, "", ""),
        (masks.phone, "13156785678", "131****5678"),
        (masks.phone, "010-67410388", "*********388"),
        (masks.phone, "110", "***"),
        (masks.email, "chen@example.cn", "c***@example.cn"),
        (masks.email, "nothing", "***"),
        (masks.email, "", ""),
        (masks.name, "陈诚", "陈*"),
        (masks.name, "陈小诚", "陈*诚"),
        (masks.name, "阿卜杜拉·买买提", "阿******提"),
        (masks.name, "陈", "*"),
        (masks.name, "", ""),
    ],
)
def test_a_mask_shows_only_what_it_promises(mask, text, shown):
    assert mask(text) == shown


@given(st.text("0123456789X", min_size=9, max_size=18))
def test_an_identity_number_shows_four_characters_and_no_more(number):
    assert masks.id_number(number).replace("*", "") == number[-4:]
