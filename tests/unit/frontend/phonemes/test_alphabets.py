"""Pronunciations as people write them, against the units of the G2P."""

from __future__ import annotations

import gzip
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.english.phones import PHONE_SET, PHONES, Phones, is_vowel
from speechmesh.frontend.english.pronunciations import NAME_FILES, WORD_FILES
from speechmesh.frontend.mandarin.pinyin import tokens_of
from speechmesh.frontend.phonemes.alphabets import MAX_WRITTEN_CHARS, alphabet, pronunciation
from speechmesh.frontend.phonemes.ipa import ipa_of_phones, phones_of_ipa
from speechmesh.frontend.phonemes.pinyin_table import SYLLABLES

ALPHABETS = ("ipa", "x-sampa", "arpabet", "pinyin")


def _lexicon() -> list[Phones]:
    """The distinct pronunciations of the English words and names in which a stress is where the rules would put one."""
    data = resources.files("speechmesh.frontend.english").joinpath("data")
    files = (data.joinpath(name).read_bytes() for name in (*WORD_FILES, *NAME_FILES))
    lines = [line for packed in files for line in gzip.decompress(packed).decode().splitlines()]
    entries = {tuple(line.split("\t")[1].split()) for line in lines}
    return [phones for phones in entries if any(phone.endswith("1") for phone in phones)]


def _folded(phones: Phones) -> Phones:
    """A schwa and r before a consonant are one sound in the IPA."""
    sounds: list[str] = []
    for at, phone in enumerate(phones):
        if phone == "r" and sounds[-1:] == ["ax0"] and not is_vowel(phones[at + 1]):
            sounds[-1] = "er0"
        else:
            sounds.append(phone)
    return tuple(sounds)


def test_the_lexicon_survives_the_way_into_the_ipa_and_back() -> None:
    lexicon = _lexicon()
    assert len(lexicon) > 100_000
    for phones in lexicon:
        assert phones_of_ipa(ipa_of_phones(phones)) == _folded(phones)


def test_the_lexicon_survives_the_way_into_arpabet_and_back() -> None:
    for phones in _lexicon()[::7]:
        written = " ".join("AH0" if phone == "ax0" else phone.upper() for phone in phones if phone != "ah0")
        assert pronunciation("arpabet", written) == tuple(phone for phone in phones if phone != "ah0")


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("ˌmænɪˈtoʊbə", "m ae1 n ih0 t ow1 b ax0"),
        ("pɪˈkɑːn", "p ih0 k aa1 n"),
        ("/təˈmeɪtoʊ/", "t ax0 m ey1 t ow0"),
        ("ˈbʌtn̩", "b ah1 t ax0 n"),
        ("ˈbʌtəɹ", "b ah1 t er0"),
        ("ə.ˈɹaʊnd", "ax0 r aw1 n d"),
        ("həˈləʊ ˈwɜːld", "hh ax0 l ow1 w er1 l d"),
        ("t͡ʃiːz", "ch iy1 z"),
        ("ˈnaɪt.ʃeɪd", "n ay1 t sh ey0 d"),
        ("tʰɹiː", "t r iy1"),
        ("kæt", "k ae1 t"),
        ("ðə", "dh ax0"),
        ("'hɛloʊ", "hh eh1 l ow0"),
        ("ˈhjuːd͡ʒ", "hh y uw1 jh"),
        ("Θɪn", "th ih1 n"),
        ("ʁy", "r uw1"),
        ("ˈmʏnçən", "m uh1 n hh ax0 n"),
        ("ˈɡøːtə", "g er1 t ax0"),
        ("ˈkœln", "k er1 l n"),
        ("ˈseɲor", "s eh1 n y ow0 r"),
        ("seˈɲor", "s eh0 n y ow1 r"),
        ("kɔˈɲak", "k ao0 n y aa1 k"),
        ("ʃɑ̃ˈpaɲ", "sh aa0 p aa1 n"),
    ],
)
def test_ipa(written: str, phones: str) -> None:
    assert pronunciation("ipa", written) == tuple(phones.split())


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ('pI"kA:n', "p ih0 k aa1 n"),
        ('m@"hA:g@%ni:', "m ax0 hh aa1 g ax0 n iy1"),
        ("t_Si:z", "ch iy1 z"),
        ('"bVt.n=', "b ah1 t ax0 n"),
        ('"wO:t@`', "w ao1 t er0"),
        ("t_hri:", "t r iy1"),
        ('T{Nk jU"', "th ae1 ng k y uh1"),
        ('"mYnC@n', "m uh1 n hh ax0 n"),
        ('se"Jor', "s eh0 n y ow1 r"),
        ('"g2:t@', "g er1 t ax0"),
    ],
)
def test_x_sampa(written: str, phones: str) -> None:
    assert pronunciation("x-sampa", written) == tuple(phones.split())


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("HH AH0 L OW1", "hh ax0 l ow1"),
        ("t ax m ey t ow", "t ax0 m ey1 t ow0"),
        ("B AH1 T EN", "b ah1 t ax0 n"),
        ("K AE T", "k ae1 t"),
        ("M AE2 N AH0 T OW1 B AX0", "m ae1 n ax0 t ow1 b ax0"),
    ],
)
def test_arpabet(written: str, phones: str) -> None:
    assert pronunciation("arpabet", written) == tuple(phones.split())


@pytest.mark.parametrize(
    ("written", "syllables"),
    [
        ("zhong1guo2", "zhong1 guo2"),
        ("Zhōngguó", "zhong1 guo2"),
        ("Xī'ān", "xi1 an1"),
        ("xiān", "xian1"),
        ("nü3 er2", "nv3 er2"),
        ("nǚ’ér", "nv3 er2"),
        ("lu:4", "lv4"),
        ("lüèduó", "lve4 duo2"),
        ("huār", "hua1 er5"),
        ("yi1 huir4", "yi1 hui4 er5"),
        ("māma", "ma1 ma5"),
        ("ma5", "ma5"),
        ("de0", "de5"),
        ("fāngàn", "fan1 gan4"),
        ("fang1-an4", "fang1 an4"),
        ("tiān'ānmén", "tian1 an1 men2"),
        ("jǘ", "ju2"),
    ],
)
def test_pinyin(written: str, syllables: str) -> None:
    assert pronunciation("x-amazon-pinyin", written) == tuple(syllables.split())


@pytest.mark.parametrize(
    ("name", "written", "says"),
    [
        ("ipa", "kaɬ", "'ɬ' (character 3)"),
        ("ipa", "", "no sound"),
        ("ipa", "ˈ", "no sound"),
        ("x-sampa", "ka^", "'^' (character 3)"),
        ("x-sampa", "kaK", "'K' (character 3)"),
        ("arpabet", "K XX", "'XX' (character 3)"),
        ("arpabet", "K1 AE1", "'K1' (character 1)"),
        ("pinyin", "zhong guo", "no tones"),
        ("pinyin", "ni3 zhon1", "'zhon' (character 5)"),
        ("pinyin", "zhonggua2", "'zhonggua' (character 1)"),
        ("pinyin", "中", "'中' (character 1)"),
        ("sapi", "h eh", "'sapi' is no alphabet"),
        ("ipa", "a" * (MAX_WRITTEN_CHARS + 1), "are taken"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(name: str, written: str, says: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        pronunciation(name, written, field="lexicon.entries[3]")
    assert caught.value.field == "lexicon.entries[3]"
    assert says in caught.value.description


def test_every_syllable_of_the_table_has_tokens() -> None:
    for syllable in SYLLABLES:
        assert tokens_of(f"{syllable}3")
        assert pronunciation("pinyin", f"{syllable}3") == (f"{syllable}3",)


@given(name=st.sampled_from(ALPHABETS), written=st.text(max_size=60))
def test_any_string_is_read_or_refused(name: str, written: str) -> None:
    try:
        units = pronunciation(name, written)
    except InvalidInput:
        return
    assert units
    for unit in units:
        assert tokens_of(unit) if alphabet(name).language == "zh" else unit in PHONE_SET


@given(st.lists(st.sampled_from(PHONES), min_size=1, max_size=20))
def test_any_phones_can_be_written_in_the_ipa(phones: list[str]) -> None:
    read = phones_of_ipa(ipa_of_phones(tuple(phones)))
    assert [phone.rstrip("01") for phone in read if not is_vowel(phone) and phone != "r"] == [
        phone for phone in phones if not is_vowel(phone) and phone != "r"
    ]


@given(st.lists(st.sampled_from(sorted(SYLLABLES)), min_size=1, max_size=20), st.data())
def test_numbered_pinyin_needs_no_blanks(syllables: list[str], data: st.DataObject) -> None:
    numbered = [syllable + data.draw(st.sampled_from("12345")) for syllable in syllables]
    assert pronunciation("pinyin", "".join(numbered)) == tuple(numbered)
