"""What a document may not be: each error names line and column of the caller's document."""

from __future__ import annotations

import time

import pytest

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml


def refused(document: str, limits: Limits | None = None) -> str:
    with pytest.raises(InvalidInput) as caught:
        parse_ssml(document, limits=limits or Limits())
    assert caught.value.field == "ssml"
    return caught.value.description


@pytest.mark.parametrize(
    ("document", "place", "says"),
    [
        ("", "line 1, column 1", "empty"),
        ("   \n", "line 2, column 1", "empty"),
        ("Hello", "line 1, column 1", "begins with text, not with <speak>"),
        ("<p>Hello</p>", "line 1, column 1", "begins with <p>, not with <speak>"),
        ("<speak>", "line 1, column 8", "ends before its elements do"),
        ("<speak>\r\n\r\n<s>é😀</p></speak>", "line 3, column 8", "end tag"),
        ("<speak>\n\n  a & b</speak>", "line 3, column 6", "not well-formed"),
        ("<speak>\n😀é &nbsp;</speak>", "line 2, column 4", "entity is not defined"),
        ("<speak/>x", "line 1, column 9", "follows the end"),
        ("<speak/><speak/>", "line 1, column 9", "follows the end"),
        ('<speak a="1" a="2"/>', "line 1, column 14", "duplicate attribute"),
        ("<speak>\x00</speak>", "line 1, column 8", "not well-formed"),
        ("<speak>a\ud800</speak>", "line 1, column 9", "surrogate"),
        ("<speak>\n <speak/></speak>", "line 2, column 2", "<speak> stands inside <speak>"),
        (
            '<speak>\n😀<break time="soon"/></speak>',
            "line 2, column 2",
            "<break>: time: 'soon' is not a time",
        ),
        (
            '<speak><break strength="hard"/></speak>',
            "line 1, column 8",
            "strength: 'hard' is not one of none",
        ),
        ("<speak><mark/></speak>", "line 1, column 8", "the attribute name is missing"),
        ("<speak>\r<sub>x</sub></speak>", "line 2, column 1", "the attribute alias is missing"),
        ("<speak><say-as>x</say-as></speak>", "line 1, column 8", "interpret-as is missing"),
        ("<speak><phoneme>x</phoneme></speak>", "line 1, column 8", "ph is missing"),
        ('<speak><phoneme ph="kaɬ"/></speak>', "line 1, column 8", "ph: IPA: 'ɬ' (character 3)"),
        ('<speak><phoneme alphabet="sapi" ph="h"/></speak>', "line 1, column 8", "alphabet: 'sapi'"),
        ('<speak><prosody rate="quick">x</prosody></speak>', "line 1, column 8", "rate: 'quick'"),
        ('<speak><prosody pitch="2">x</prosody></speak>', "line 1, column 8", "pitch: '2'"),
        ('<speak><prosody volume="6st">x</prosody></speak>', "line 1, column 8", "volume: '6st'"),
        ('<speak><emphasis level="huge">x</emphasis></speak>', "line 1, column 8", "level: 'huge'"),
        ('<speak><voice gender="x">x</voice></speak>', "line 1, column 8", "gender: 'x'"),
        ("<speak><lang>x</lang></speak>", "line 1, column 8", "xml:lang is missing"),
        ('<speak xml:lang="e n"/>', "line 1, column 1", "xml:lang: 'e n'"),
        (
            '<speak><sub alias="a"><b/></sub></speak>',
            "line 1, column 23",
            "inside <sub>, which holds text alone",
        ),
        ("<!DOCTYPE speak><speak/>", "line 1, column 1", "document type"),
        (
            '<?xml version="1.0"?>\n<!DOCTYPE speak SYSTEM "http://x/y.dtd"><speak/>',
            "line 2, column 1",
            "type",
        ),
    ],
)
def test_an_error_names_its_place(document: str, place: str, says: str) -> None:
    description = refused(document)
    assert description.startswith(f"{place}: ")
    assert says in description


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">',
        '<!ENTITY c SYSTEM "file:///etc/passwd">',
        '<!ENTITY c PUBLIC "x" "http://example.com/x">',
        '<!ENTITY % p SYSTEM "http://example.com/x.dtd">%p;<!ENTITY c "x">',
        f'<!ENTITY c "{"a" * 100_000}">',
    ],
)
def test_documents_with_entities_of_their_own_are_refused_at_once(declarations: str) -> None:
    began = time.process_time()
    assert "document type" in refused(f"<!DOCTYPE speak [{declarations}]><speak>{'&c;' * 1000}</speak>")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    ("document", "limits", "says"),
    [
        ("<speak>abcdef</speak>", Limits(max_document_chars=20), "has 21 characters, 20 are taken"),
        (
            "<speak>\n<s>abc</s>de</speak>",
            Limits(max_text_chars=4),
            "line 2, column 11: there are more than 4",
        ),
        (
            '<speak><sub alias="abcde"/></speak>',
            Limits(max_text_chars=4),
            "column 8: <sub>: there are more than 4",
        ),
        (
            "<speak><s/><s/></speak>",
            Limits(max_elements=2),
            "line 1, column 12: there are more than 2 elements",
        ),
        ("<speak><p><s/></p></speak>", Limits(max_depth=2), "line 1, column 11: elements are nested deeper"),
        ('<speak a="1" b="1"/>', Limits(max_attributes=1), "column 1: <speak> has more than 1 attributes"),
        ('<speak a="12345"/>', Limits(max_attribute_chars=4), "column 1: a is longer than 4"),
    ],
)
def test_documents_over_a_limit_are_refused(document: str, limits: Limits, says: str) -> None:
    assert says in refused(document, limits)


def test_messages_are_short_whatever_the_document_holds() -> None:
    long = "x" * 4000
    for document in (
        f"<{long}/>",
        f'<speak><break time="{long}"/></speak>',
        f'<speak><audio src="a" speed="{long}"/></speak>',
        f'<speak xml:lang="{long}"/>',
        f"<speak><sub alias='a'><{long}/></sub></speak>",
    ):
        assert len(refused(document)) < 300
    script = parse_ssml(f'<speak {long}="1"><{long}/><say-as interpret-as="{long}">a</say-as></speak>')
    assert len(script.cautions) == 3
    assert all(len(caution.message) < 200 for caution in script.cautions)


@pytest.mark.parametrize(
    "document",
    [
        f"<speak>{'word é ' * 28_000}</speak>",
        f"<speak>{'<s>It is 😀.</s>' * 10_000}</speak>",
        f"<speak>{'&amp;' * 90_000}</speak>",
        f"<speak>{chr(10) * 400_000}é</speak>",
        f"<speak>{'<![CDATA[é]]>' * 30_000}</speak>",
        f"<speak>{'a<!-- é -->' * 40_000}</speak>",
        f"<speak {' ' * 400_000}>é</speak>",
        f"<speak>{'<emphasis>a</emphasis>b ' * 10_000}</speak>",
    ],
)
def test_long_documents_take_seconds_at_most(document: str) -> None:
    began = time.process_time()
    assert parse_ssml(document).texts
    assert time.process_time() - began < 8.0  # linear, on a slow and busy core
