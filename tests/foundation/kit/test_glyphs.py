"""Which characters the fonts can print."""

from qicheng.foundation.kit import glyphs

SHIPPED = [path for path in glyphs.font_files() if "CJK" not in path.name]


def test_the_shipped_fonts_are_found_and_come_first():
    assert [path.name for path in glyphs.font_files()[:2]] == ["NotoSerifSC-Regular.otf", "NotoSansSC-Regular.otf"]


def test_rare_characters_and_the_dot_in_names_can_be_printed():
    assert glyphs.missing("陈诚 𬱖·䶮", SHIPPED) == set()


def test_a_character_without_a_glyph_is_named():
    assert glyphs.missing("陈𠮷\U0010fffd", SHIPPED) == {"𠮷", "\U0010fffd"}
    assert glyphs.missing("\U0010fffd") == {"\U0010fffd"}


def test_spaces_and_variation_selectors_need_no_glyph():
    assert glyphs.missing(" \n\u3000葛\U000e0100\ufe00", SHIPPED) == set()
