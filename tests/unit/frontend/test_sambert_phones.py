"""Sambert's phones of syllables: facts of upstream's table, and words as upstream writes them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from pypinyin import Style, pinyin

from speechmesh.acoustic.families.sambert.symbols import PHONES, SYLLABLE_FLAGS, TONES, WORD_SEGMENTS
from speechmesh.frontend.mandarin.sambert_phones import boundary, mandarin_syllable, phones_of, word_symbols


@pytest.mark.parametrize(
    ("syllable", "phones"),
    [
        ("a1", "ga a_c"),
        ("ai4", "ga ai_c"),
        ("en1", "ge en_c"),
        ("er2", "ge er_c"),
        ("o1", "go o_c"),
        ("ou1", "go ou_c"),
        ("ba1", "b_c a_c"),
        ("zhi1", "zh_c ih_c"),
        ("ri4", "r_c ih_c"),
        ("zi5", "z_c ii_c"),
        ("jiu3", "j_c iou_c"),
        ("gui4", "g_c uei_c"),
        ("chun1", "ch_c uen_c"),
        ("ju2", "j_c v_c"),
        ("quan2", "q_c van_c"),
        ("xue2", "xx_c ve_c"),
        ("xun4", "xx_c vn_c"),
        ("lve4", "l_c ve_c"),
        ("nv3", "n_c v_c"),
        ("yi1", "y_c i_c"),
        ("yan2", "y_c an_c"),
        ("ye3", "y_c e_c"),
        ("you3", "y_c ou_c"),
        ("yu2", "y_c v_c"),
        ("yuan2", "y_c van_c"),
        ("yong4", "y_c ong_c"),
        ("wo3", "w_c o_c"),
        ("wei4", "w_c ei_c"),
        ("wen2", "w_c en_c"),
        ("huar1", "h_c uar_c"),
        ("dianr3", "d_c ianr_c"),
        ("zher4", "zh_c er_c"),
        ("ng4", "ge eng_c"),
    ],
)
def test_a_syllable_has_the_phones_of_upstreams_table(syllable: str, phones: str) -> None:
    assert " ".join(phones_of(syllable)) == phones
    assert set(phones.split()) <= set(PHONES)


@pytest.mark.parametrize("text", ["", "ma", "ma6", "v4", "i1"])
def test_what_is_no_syllable_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not numbered pinyin"):
        phones_of(text)


def test_words_say_where_each_phone_stands() -> None:
    today, very = (
        word_symbols([mandarin_syllable(syllable) for syllable in word.split()])
        for word in ("jin1 tian1", "hen3")
    )
    symbols = [*today, boundary(1), *very, boundary(4)]
    assert ["$".join(symbol) for symbol in symbols] == [
        "j_c$tone1$s_begin$word_begin",
        "in_c$tone1$s_end$word_middle",
        "t_c$tone1$s_begin$word_middle",
        "ian_c$tone1$s_end$word_end",
        "#1$tone_none$s_none$word_none",
        "h_c$tone3$s_begin$word_begin",
        "en_c$tone3$s_end$word_end",
        "#4$tone_none$s_none$word_none",
    ]
    for symbol in symbols:
        tables = (PHONES, TONES, SYLLABLE_FLAGS, WORD_SEGMENTS)
        assert all(part in table for part, table in zip(symbol, tables, strict=True))


def test_every_common_character_has_phones_in_the_table() -> None:
    """The characters of GB 2312 in all of their readings."""
    found = set()
    for high in range(0xB0, 0xF8):
        for low in range(0xA1, 0xFF):
            with suppress(UnicodeDecodeError):
                character = bytes([high, low]).decode("gb2312")
                found |= set(pinyin(character, Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0])
    assert len(found) > 1200
    for syllable in found:
        assert set(phones_of(syllable)) <= set(PHONES), syllable
