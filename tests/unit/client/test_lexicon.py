from __future__ import annotations

from pathlib import Path

import pytest

from speechmesh.client import LexiconEntry, read_lexicon
from speechmesh.client.lexicon import WAY_BY_NAME
from speechmesh.frontend import lexicon as server
from speechmesh.frontend.phonemes import alphabets
from speechmesh.speech.v1 import speech_pb2 as pb


def test_an_entry_says_its_word_in_one_way() -> None:
    assert LexiconEntry("SQL", ipa="ˈsiːkwəl").message() == pb.LexiconEntry(written="SQL", ipa="ˈsiːkwəl")
    with pytest.raises(ValueError, match="'SQL' is said by nothing, not by one of ipa"):
        LexiconEntry("SQL")
    with pytest.raises(ValueError, match="'SQL' is said by ipa and respelling, not by one of"):
        LexiconEntry("SQL", ipa="a", respelling="sequel")


def test_a_file_is_read_as_the_server_reads_its_own(tmp_path: Path) -> None:
    file = tmp_path / "words.tsv"
    file.write_text(
        "# comment\n\nnginx\trespelling\tengine x\nSQL\tARPAbet\tS IY1 K W AH0 L\n行\tpinyin\thang2\n",
        encoding="utf-8",
    )
    assert read_lexicon(file) == (
        LexiconEntry("nginx", respelling="engine x"),
        LexiconEntry("SQL", arpabet="S IY1 K W AH0 L"),
        LexiconEntry("行", pinyin="hang2"),
    )
    assert server.read_lexicon(file)


def test_a_file_that_begins_with_a_byte_order_mark_is_read_like_any(tmp_path: Path) -> None:
    """As Windows' editors write them: the mark is no part of the first word."""
    file = tmp_path / "words.tsv"
    file.write_text("nginx\trespelling\tengine x\n", encoding="utf-8-sig")
    assert read_lexicon(file) == (LexiconEntry("nginx", respelling="engine x"),)
    script = server.script_of("We run nginx.", [server.read_lexicon(file)])
    assert script is not None
    assert [text.alias for text in script.texts] == [None, "engine x", None]


def test_files_may_name_what_the_server_knows() -> None:
    assert set(WAY_BY_NAME) == {*alphabets._BY_NAME, server.RESPELLING}
    for name, known in alphabets._BY_NAME.items():
        assert WAY_BY_NAME[name].replace("_", "-") == known.name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("word only", "line 2 has 1 parts between tabs, not 3"),
        ("x\tklingon\ty", "line 2: 'klingon' is none of ipa, x-sampa"),
        ("x\tipa\t ", "line 2 does not say how"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "words.tsv"
    file.write_text(f"fine\trespelling\tgood\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_lexicon(file)
