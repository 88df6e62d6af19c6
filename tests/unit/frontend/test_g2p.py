"""English graphemes to phonemes: the lexicon, the rules and the shipped network together."""

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.english import g2p as g2p_module
from speechmesh.frontend.english.g2p import EnglishG2P
from speechmesh.frontend.english.letter_to_sound import MODEL_FILE, LetterToSound
from speechmesh.frontend.english.morphology import Morphology, split_clitic, with_ed, with_s
from speechmesh.frontend.english.phones import (
    LETTER_NAMES,
    PHONE_SET,
    PHONES,
    has_vowel,
    is_plausible,
    is_vowel,
    parse,
    support_stranded,
    with_stress,
)
from speechmesh.frontend.english.pronunciations import (
    NAME_FILES,
    WORD_FILES,
    PronouncingLexicon,
    _parse_overrides,
    read_data,
)

HELD_OUT = Path(__file__).parent / "data" / "heldout_words.tsv"
VOICES = Path(__file__).parents[3] / "voices"
MAX_PHONE_ERROR = 0.08
MIN_STRESS_ACCURACY = 0.83


@pytest.fixture(scope="module")
def g2p() -> EnglishG2P:
    return EnglishG2P()


def stress_pattern(phones: tuple[str, ...]) -> str:
    return "".join(phone[-1] for phone in phones if is_vowel(phone))


def edit_distance(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        previous, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("hello", "hh ax0 l ow1"),
        ("speechmesh", "s p iy1 ch m eh1 sh"),
        ("does", "d ah1 z"),
        ("don't", "d ow1 n t"),
        ("they're", "dh eh1 r"),
        ("github", "g ih1 t hh ah1 b"),
        ("gigabytes", "g ih1 g ax0 b ay1 t s"),
        ("wednesday", "w eh1 n z d ey1"),
        ("google", "g uw1 g ax0 l"),
        ("covid", "k ow1 v ih0 d"),
        ("a", "ax0"),
    ],
)
def test_known_words(g2p: EnglishG2P, word: str, phones: str) -> None:
    assert g2p.phones(word) == parse(phones)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("cat's", "k ae1 t s"),
        ("dog's", "d ao1 g z"),
        ("boss's", "b aa1 s ax0 z"),
        ("james's", "jh ey1 m z ax0 z"),
        ("cats'", "k ae1 t s"),
        ("wednesday's", "w eh1 n z d ey1 z"),
        ("b's", "b iy1 z"),
        ("google'll", "g uw1 g ax0 l ax0 l"),
        ("tesla'd", "t eh1 s l ax0 d"),
        ("o'brien", "ow0 b r ay1 ax0 n"),
    ],
)
def test_apostrophes_are_said_by_rule(g2p: EnglishG2P, word: str, phones: str) -> None:
    assert g2p.phones(word) == parse(phones)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("gpus", "jh iy1 p iy1 y uw1 z"),
        ("googled", "g uw1 g ax0 l d"),
        ("unfollowing", "ax0 n f aa1 l ow0 ih0 ng"),
        ("webhooks", "w eh1 b hh uh1 k s"),
        ("serverless", "s er1 v er0 l ax0 s"),
        ("tokenizer", "t ow1 k ax0 n ay1 z er0"),
        ("colour", "k ah1 l er0"),
        ("kilometres", "k ax0 l aa1 m ax0 t er0 z"),
        ("labelled", "l ey1 b ax0 l d"),
    ],
)
def test_derived_words(g2p: EnglishG2P, word: str, phones: str) -> None:
    assert g2p.phones(word) == parse(phones)


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("frontend", "f r ah1 n t eh1 n d"),
        ("chatbot", "ch ae1 t b aa1 t"),
        ("middleware", "m ih1 d ax0 l w eh1 r"),
    ],
)
def test_compounds(g2p: EnglishG2P, word: str, phones: str) -> None:
    assert g2p.phones(word) == parse(phones)


def test_the_allomorphs_follow_the_last_sound() -> None:
    assert with_s(("k", "ae1", "t"))[-1] == "s"
    assert with_s(("d", "ao1", "g"))[-1] == "z"
    assert with_s(("b", "ah1", "z"))[-2:] == ("ax0", "z")
    assert with_ed(("w", "ao1", "k"))[-1] == "t"
    assert with_ed(("p", "l", "ey1"))[-1] == "d"
    assert with_ed(("n", "iy1", "d"))[-2:] == ("ax0", "d")


def test_a_bare_clitic_is_no_clitic() -> None:
    assert split_clitic("'s") is None
    assert split_clitic("dog's") == ("dog", "'s")
    assert split_clitic("couldn't") == ("could", "n't")


def test_chance_prefixes_and_parts_are_left_to_the_network() -> None:
    known = {"in": ("ih0", "n"), "est": ("eh1", "s", "t"), "for": ("f", "ao1", "r"), "ers": ("er1", "z")}
    morphology = Morphology(known.get, {}.get)
    assert morphology.pronounce("rein") is None
    assert morphology.pronounce("forers") is None


@pytest.mark.parametrize("word", ["xkcd", "bcdf", "hmph", "qwrt"])
def test_consonants_alone_are_spelled(g2p: EnglishG2P, word: str) -> None:
    assert g2p.phones(word) == tuple(phone for letter in word for phone in LETTER_NAMES[letter])


def test_a_word_without_stress_gets_one() -> None:
    assert with_stress(parse("k ax0 m ih0 t")) == parse("k ax0 m ih1 t")
    assert with_stress(parse("b ax0 b ax0")) == parse("b ah1 b ax0")
    assert with_stress(parse("h ae1 p iy0")) == parse("h ae1 p iy0")
    assert with_stress(parse("dh ax0")) == parse("dh ax0")


def test_letter_names_on_request(g2p: EnglishG2P) -> None:
    assert g2p.phones("a") == ("ax0",)
    assert g2p.phones("a", letter_name=True) == ("ey1",)
    assert g2p.phones("w", letter_name=True) == parse("d ah1 b ax0 l y uw0")


def test_function_words_follow_their_neighbour(g2p: EnglishG2P) -> None:
    spoken = g2p.phrase(["the", "apple", "to", "eat", "the", "pear", "to", "buy", "to"])
    assert spoken[0] == ("dh", "iy0")
    assert spoken[2] == ("t", "uw0")
    assert spoken[4] == ("dh", "ax0")
    assert spoken[6] == ("t", "ax0")
    assert spoken[8] == ("t", "uw1")


def test_the_hour_starts_with_a_vowel_for_the_ear(g2p: EnglishG2P) -> None:
    assert g2p.phrase(["the", "hour"])[0] == ("dh", "iy0")
    assert g2p.phrase(["the", "user"])[0] == ("dh", "ax0")
    assert g2p.phrase([]) == []


@pytest.mark.parametrize("word", ["Hello", "naïve", "two words", "covid-19", "x\n"])
def test_other_characters_are_refused(g2p: EnglishG2P, word: str) -> None:
    with pytest.raises(ValueError, match="not a lower-case English word"):
        g2p.phones(word)


@pytest.mark.parametrize(
    "word", ["blorfington", "snorkulate", "zanthiperous", "quibbleforth", "trumzen", "vexilary", "glimp"]
)
def test_unheard_words_sound_like_their_letters(word: str) -> None:
    """Consonants of the letters come back, and there is about one syllable for each group of vowels."""
    phones = LetterToSound().phones(word)
    groups = "".join(letter if letter in "aeiouy" else " " for letter in word).split()
    assert abs(sum(has_vowel((phone,)) for phone in phones) - len(groups)) <= 1
    assert any(phone.endswith("1") for phone in phones)
    for letter in set("bdflmnprt") & set(word):
        assert any(phone.startswith(letter) or (letter == "r" and phone[:2] == "er") for phone in phones)


def test_phone_error_on_held_out_words_stays_low() -> None:
    """Words of which no relative was trained on, against the lexicon; stress counts."""
    network = LetterToSound()
    rows = [line.split("\t") for line in HELD_OUT.read_text(encoding="ascii").splitlines()]
    assert len(rows) == 500
    errors = sum(edit_distance(network.phones(word), parse(truth)) for word, truth in rows)
    assert errors / sum(len(parse(truth)) for _, truth in rows) < MAX_PHONE_ERROR
    stress = sum(stress_pattern(network.phones(word)) == stress_pattern(parse(truth)) for word, truth in rows)
    assert stress / len(rows) > MIN_STRESS_ACCURACY


def test_the_graph_is_small() -> None:
    assert len(read_data(MODEL_FILE)) < 5_000_000


@settings(deadline=None)
@given(st.text("abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=60))
def test_any_word_gives_known_tokens(g2p: EnglishG2P, word: str) -> None:
    phones = g2p.phones(word)
    assert PHONE_SET.issuperset(phones)
    assert bool(phones) == bool(word.strip("'"))


def test_a_word_of_any_length_is_read(g2p: EnglishG2P) -> None:
    assert len(g2p.phones("banana" * 500)) > 1000


@pytest.mark.parametrize("word", ["s'" * 2_000, "'" * 50, "a's" * 500, "ll'd've" * 300])
def test_a_row_of_apostrophes_is_no_word_to_take_apart(g2p: EnglishG2P, word: str) -> None:
    assert bool(g2p.phones(word)) == bool(word.strip("'"))


def test_words_without_end_are_not_remembered(g2p: EnglishG2P) -> None:
    before = g2p.cached_words
    for n in range(1_000, 1_010):
        g2p.phones("banana" * n)
    assert g2p.cached_words <= before + 1


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(g2p_module, "CACHE_WORDS", 3)
    small = EnglishG2P()
    for word in ("one", "two", "three", "four", "five"):
        small.phones(word)
    assert small.cached_words == 3


@pytest.mark.parametrize(
    ("file", "n_words"), [*zip((*WORD_FILES, *NAME_FILES), (50_000, 10_000, 50_000, 3_000), strict=True)]
)
def test_the_lexicon_is_found_and_speaks_only_known_phones(file: str, n_words: int) -> None:
    lines = gzip.decompress(read_data(file)).decode("ascii").splitlines()
    assert len(lines) > n_words
    assert lines == sorted(lines), "the bisection needs a sorted text"
    lexicon = PronouncingLexicon()
    look_up = lexicon.name if file in NAME_FILES else lexicon.word
    for line in [*lines[::97], lines[0], lines[-1]]:
        word, truth = line.split("\t")
        assert PHONE_SET.issuperset(parse(truth))
        assert is_plausible(parse(truth))
        assert lexicon.override(word) or look_up(word) == parse(truth)


@pytest.mark.parametrize("word", ["", "blorfington", "zzzzzz", "naïve", "a\t"])
def test_an_unknown_word_is_not_found(word: str) -> None:
    assert PronouncingLexicon().word(word) is None
    assert PronouncingLexicon().name(word) is None


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("ponytail", "p ow1 n iy0 t ey1 l"),
        ("potbelly", "p aa1 t b eh1 l iy0"),
        ("sweetmeats", "s w iy1 t m iy1 t s"),
        ("recline", "r iy0 k l ay1 n"),
        ("crankiest", "k r ae1 ng k iy0 ax0 s t"),
        ("angriness", "ae1 ng g r iy0 n ax0 s"),
        ("abacuses", "ae1 b ax0 k ax0 s ax0 z"),
        ("overbuild", "ow1 v er0 b ih1 l d"),
        ("mooing", "m uw1 ih0 ng"),
        ("volleyer", "v aa1 l iy0 er0"),
        ("blackbodies", "b l ae1 k b aa1 d iy0 z"),
        ("alternations", "ao1 l t er0 n ey1 sh ax0 n z"),
    ],
)
def test_what_letter_rules_alone_would_get_wrong(g2p: EnglishG2P, word: str, phones: str) -> None:
    assert g2p.phones(word) == parse(phones)


@pytest.mark.parametrize(
    ("name", "phones"),
    [
        ("alcaraz", "aa0 l k aa1 r aa0 z"),
        ("alcarazes", "aa0 l k aa1 r aa0 z ax0 z"),
        ("shaquille's", "sh ax0 k iy1 l z"),
        ("dickstein", "d ih1 k s t ay0 n"),
        ("zelenkas", "z ih0 l eh1 ng k ax0 z"),
    ],
)
def test_names_are_known_with_their_plurals(g2p: EnglishG2P, name: str, phones: str) -> None:
    assert g2p.phones(name) == parse(phones)


def test_stranded_sounds_are_told() -> None:
    for said in ("m ah1 n hh r z", "m s t ae1 sh", "p ay1 t r ch", "p w z", "s t k"):
        assert not is_plausible(parse(said)), said
    for said in ("f ao1 r m", "k ih1 l n", "n y uw1", "w er1 l d", "s ih1 k s th s"):
        assert is_plausible(parse(said)), said


def test_stranded_sounds_get_a_schwa() -> None:
    assert support_stranded(parse("p ay1 t r ch")) == parse("p ay1 t er0 ch")
    assert support_stranded(parse("l m ah1")) == parse("ax0 l m ah1")
    assert support_stranded(parse("f ao1 r m")) == parse("f ao1 r m")


def test_a_wrong_override_is_refused_at_load() -> None:
    with pytest.raises(ValueError, match=r"'cat'.*qq"):
        _parse_overrides("# comment\ncat\tk qq t\n")


def test_a_known_word_is_said_as_the_lexicon_says(g2p: EnglishG2P) -> None:
    rows = [line.split("\t") for line in HELD_OUT.read_text(encoding="ascii").splitlines()]
    lexicon = PronouncingLexicon()
    for word, truth in rows:
        assert lexicon.override(word) or g2p.phones(word) == parse(truth)


def test_the_phones_are_the_token_table_of_the_shipped_voice() -> None:
    table = json.loads((VOICES / "english/tokens.json").read_text(encoding="utf-8"))["tokens"]
    assert table == ["<pad>", "pau", *PHONES]
