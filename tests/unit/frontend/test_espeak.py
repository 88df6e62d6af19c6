"""Further languages, by espeak-ng where it is installed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.espeak.library import espeak
from speechmesh.frontend.espeak.reader import EspeakReader
from speechmesh.frontend.spoken import Pause

try:
    espeak()
except Incompatible as error:
    pytest.skip(str(error), allow_module_level=True)

TOKENS = ["<pad>", "pau", *"abdefhijklmnoprstuvwxyzøœæçðŋɐɑɔəɛɜɡɣɪɲɹɾʁʃʊʌʏʒθβːˈˌʔ", "tʃ", "aɪ", "oː", "ts"]


@pytest.fixture(scope="module")
def make(bootstrap: VoiceBundle, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], EspeakReader]:
    def reader(language: str) -> EspeakReader:
        folder = tmp_path_factory.mktemp(language)
        (folder / "tokens.json").write_text(json.dumps({"tokens": TOKENS}))
        config = bootstrap.config.model_copy(update={"languages": (language,)})
        return EspeakReader(VoiceBundle(Path(folder), config))

    return reader


def said(reader: EspeakReader, text: str) -> str:
    plan = reader.plan(text, max_words=20, first_max_words=8)
    return " ".join(TOKENS[token] for segment in plan.segments for token in reader.tokens(segment).tokens)


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("de", "Guten Tag!", "pau ɡ ˈ u ː t ə n t ˈ ɑ ː k pau"),
        ("es", "¿Cómo estás?", "pau k ˈ o m o e s t ˈ a s pau"),
        ("fr", "Bonjour.", None),
    ],
)
def test_a_language_is_said_in_its_phones(
    make: Callable[[str], EspeakReader], language: str, text: str, phones: str | None
) -> None:
    spoken = said(make(language), text)
    assert spoken.startswith("pau ")
    assert spoken.endswith(" pau")
    if phones:
        assert spoken == phones


def test_numbers_are_words_and_words_keep_their_places(make: Callable[[str], EspeakReader]) -> None:
    reader, text = make("de"), "Das kostet 3,50 €, oder? Ja."
    plan = reader.plan(text, max_words=20, first_max_words=8)
    tokens = [reader.tokens(segment) for segment in plan.segments]
    words = [word for segment in tokens for word in segment.words]
    assert [text[word.start : word.end] for word in words] == ["Das", "kostet", "3,50", "€", "oder", "Ja"]
    assert next(word for word in words if word.text == "3,50").n_tokens > 10
    pauses = [item for segment in plan.segments for item in segment.items if isinstance(item, Pause)]
    assert [text[pause.start : pause.end] for pause in pauses] == [","]


@given(text=st.text(max_size=80))
@settings(deadline=None, max_examples=100)
def test_any_text_gives_tokens_of_the_table(make: Callable[[str], EspeakReader], text: str) -> None:
    reader = make("de")
    plan = reader.plan(text, max_words=20, first_max_words=8)
    for segment in plan.segments:
        read = reader.tokens(segment)
        assert all(0 < token < len(TOKENS) for token in read.tokens)
        places = [place for word in read.words for place in (word.start, word.end)]
        assert places == sorted(places)


def test_a_language_that_it_does_not_know_is_refused(make: Callable[[str], EspeakReader]) -> None:
    with pytest.raises(Incompatible, match="does not know the language 'tlh'"):
        make("tlh")
