"""Entries of lexicons are found where they are written, and looking for them is quick whatever they are."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest

from speechmesh.common.errors import InvalidInput
from speechmesh.common.settings import load
from speechmesh.frontend.lexicon import Lexicon, LexiconEntry, check_size, script_of
from speechmesh.frontend.settings import FrontendSettings


def lexicon(*written: str) -> Lexicon:
    return Lexicon.of([("entry", LexiconEntry(word, "respelling", f"<{word}>")) for word in written])


def found(text: str, *lexicons: Lexicon) -> list[str]:
    """The text in pieces, entries by their names in angle brackets."""
    script = script_of(text, lexicons)
    return [item.text if item.alias is None else item.alias for item in script.texts] if script else [text]


@pytest.mark.parametrize(
    ("entries", "text", "pieces"),
    [
        (["cat"], "A cat, CATS, Cat.", ["A ", "<cat>", ", CATS, ", "<cat>", "."]),
        (["Polish", "polish"], "Polish polish POLISH", ["<Polish>", " ", "<polish>", " ", "<polish>"]),
        (["aB"], "aB ab AB", ["<aB>", " ab AB"]),
        (["new", "new york", "new york city"], "New York", ["<new york>"]),
        (["new", "new york city"], "new york cit", ["<new>", " york cit"]),
        (["a.b", "c++"], "a.b c++ c+++", ["<a.b>", " ", "<c++>", " ", "<c++>", "+"]),
        (["重庆", "重"], "在重庆重", ["在", "<重庆>", "<重>"]),
        (["straße"], "STRASSE Straße", ["STRASSE ", "<straße>"]),
        (["İ"], "İ i", ["<İ>", " i"]),
        (["cat"], "The cat's 'cat', cat'll", ["The ", "<cat>", "'s '", "<cat>", "', ", "<cat>", "'ll"]),
        (["o", "n", "don"], "O'Brien rock'n'roll don't", ["O'Brien rock'n'roll don't"]),
        (["o", "n", "don", "re"], "O’Brien rock’n’roll don’t you’re", ["O’Brien rock’n’roll don’t you’re"]),
        (["o'neil", "cat"], "O’Neil’s ‘cat’", ["<o'neil>", "’s ‘", "<cat>", "’"]),
        (["new york"], "New\u00a0York", ["<new york>"]),
        (["it's", "it"], "It's it'd", ["<it's>", " ", "<it>", "'d"]),
        (["us", "us$"], "US US$ US$5 (US $5)", ["<us>", " ", "<us$>", " ", "<us$>", "5 (", "<us>", " $5)"]),
        (["us"], "US$5", ["US$5"]),
        (["x"], "", [""]),
        ([], "x", ["x"]),
    ],
)
def test_the_longest_entry_is_found_in_its_own_case_or_any(
    entries: list[str], text: str, pieces: list[str]
) -> None:
    assert found(text, lexicon(*entries)) == pieces


def test_the_first_lexicon_goes_before_the_others() -> None:
    assert found("a b", lexicon("b"), lexicon("a b", "a")) == ["<a b>"]
    assert found("a", lexicon("A"), lexicon("a")) == ["<a>"]


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        # Every way to write a word in capitals and small letters.
        (map("".join, itertools.product("aA", repeat=14)), "AAAAAAAAAAAAAA " * 700),
        ((f"{'a' * 90}{n:05}" for n in range(20_000)), f"{'A' * 96} " * 100),
        (("中" * n + "国" for n in range(99)), "中" * 10_000),
    ],
)
def test_looking_for_entries_takes_seconds_at_most(entries: map[str], text: str) -> None:
    many = lexicon(*entries)
    began = time.process_time()
    found(text, many)
    assert time.process_time() - began < 4.0  # on a slow and busy core


def check_of_request(entries: list[LexiconEntry]) -> None:
    settings = FrontendSettings()
    check_size(entries, max_entries=settings.max_lexicon_entries, max_chars=settings.max_lexicon_chars)


def test_a_request_may_bring_as_much_as_is_soon_read() -> None:
    entries = [LexiconEntry(f"w{i:03}", "ipa", "tə" * 48) for i in range(500)]  # of 50,000 characters
    check_of_request(entries)
    began = time.process_time()
    Lexicon.of([("entry", entry) for entry in entries])
    assert time.process_time() - began < 1.0  # 0.1 s on a quiet core


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([LexiconEntry(f"w{i}", "respelling", "x") for i in range(501)], "has 501 entries, 500 are taken"),
        ([LexiconEntry(f"w{i:03}", "ipa", "tə" * 250) for i in range(100)], "has 50400 characters, 50000"),
        ([LexiconEntry("w" * 50_000, "respelling", "x")], "has 50001 characters, 50000"),
    ],
)
def test_a_request_that_brings_more_is_refused(entries: list[LexiconEntry], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        check_of_request(entries)
    assert caught.value.field == "lexicon"


def test_an_empty_setting_is_no_lexicon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_FRONTEND_LEXICON", "")
    assert load(FrontendSettings).lexicon is None
    monkeypatch.setenv("SPEECHMESH_FRONTEND_LEXICON", "words.tsv")
    assert load(FrontendSettings).lexicon == Path("words.tsv")
