"""Mandarin pseudo-sentences as pinyin: words of jieba's dictionary, with pypinyin's readings.

The speech is synthesised, so what matters is that syllables, tones and their neighbours occur as they do in the
language; what the sentences mean does not. Words come by frequency, damped so that rare syllables are heard too.
"""

from __future__ import annotations

import random
import re
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from speechmesh.common.errors import Incompatible

# jieba's tags in an order that makes a clause's rhythm: who, how, does, to what.
_CLAUSE = (("r", "n", "nr", "ns"), ("d",), ("v",), ("m", "a", "r"), ("n", "vn", "ns"))
_DAMPING = 0.6
_MAX_WORD = 4
_ENDS = ("。", "。", "。", "？", "！")
_WORD = re.compile(r"[一-鿿]+")


def pseudo_sentences(n: int, seed: int, words: tuple[int, int]) -> list[str]:
    """`n` different sentences of `words` words; a word is its syllables joined by `-`, as `ni3-hao3 shi4-jie4 。`.

    Raises:
        Incompatible: when jieba or pypinyin is not installed.
    """
    by_tag = _words_by_tag()
    rng = random.Random(seed)
    made: dict[str, None] = {}
    while len(made) < n:
        made[_sentence(by_tag, rng, rng.randint(*words))] = None
    return list(made)


def _sentence(by_tag: dict[str, tuple[list[str], list[float]]], rng: random.Random, n_words: int) -> str:
    pieces: list[str] = []
    for i in range(n_words):
        tags = [tag for tag in _CLAUSE[i % len(_CLAUSE)] if tag in by_tag]
        words, cumulative = by_tag[rng.choice(tags)]
        pieces.append(readings(rng.choices(words, cum_weights=cumulative)[0]))
        clause_ends = i % len(_CLAUSE) == len(_CLAUSE) - 1
        if i + 1 < n_words and clause_ends:
            pieces.append(rng.choice("，，、；"))
    return " ".join([*pieces, rng.choice(_ENDS)])


@lru_cache(maxsize=100_000)
def readings(word: str) -> str:
    """The syllables of a word in numbered pinyin, tone 5 the neutral one, `v` for u with two dots."""
    from pypinyin import Style, lazy_pinyin  # noqa: PLC0415 - needed for Mandarin alone

    syllables = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False)
    return "-".join(syllables)


def _words_by_tag() -> dict[str, tuple[list[str], list[float]]]:
    """Words and cumulative weights by part of speech, from jieba's dictionary."""
    missing = [name for name in ("jieba", "pypinyin") if find_spec(name) is None]
    if missing:
        raise Incompatible(f"Mandarin text needs {' and '.join(missing)}: pip install 'speechmesh[voices]'")
    spec = find_spec("jieba")
    assert spec is not None and spec.origin is not None
    table: dict[str, tuple[list[str], list[float]]] = {}
    with (Path(spec.origin).parent / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count, tag = line.split()
            if len(word) <= _MAX_WORD and _WORD.fullmatch(word) and any(tag in group for group in _CLAUSE):
                words, cumulative = table.setdefault(tag, ([], []))
                words.append(word)
                cumulative.append((cumulative[-1] if cumulative else 0.0) + int(count) ** _DAMPING)
    return table
