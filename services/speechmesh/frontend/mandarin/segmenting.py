"""Chinese text into words, by jieba's dictionary and words of our own."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Final

from speechmesh.frontend.mandarin.lexicon import own_words

CACHE_RUNS: Final = 4_096
"""Upper limit of remembered runs of characters; one between marks takes about a kilobyte."""
_LONGEST_CACHED: Final = 100  # characters: a run may be as long as a request
_THREE: Final = 3
# In the dictionary, but far more often two words: 买 好酒, 这本 书, 慢慢地 走了.
_NO_WORDS: Final = ("买好", "本书", "只手", "地走了")


def halves(word: str) -> tuple[str, str] | None:
    """The two words that a word of three characters or more is made of; None where the dictionary has no such two."""
    frequencies = _cutter().FREQ
    splits = [(word[:i], word[i:]) for i in range(1, len(word))]
    known = [(frequencies.get(a, 0) * frequencies.get(b, 0), a, b) for a, b in splits]
    likeliest = max(known, default=(0, "", ""))
    return likeliest[1:] if len(word) >= _THREE and likeliest[0] else None


def cut(text: str) -> tuple[str, ...]:
    """The words of a run of Chinese characters, in order; together they are the run."""
    return _cut(text) if len(text) <= _LONGEST_CACHED else tuple(_cutter().lcut(text, HMM=False))


@lru_cache(maxsize=CACHE_RUNS)
def _cut(text: str) -> tuple[str, ...]:
    return tuple(_cutter().lcut(text, HMM=False))


def splits_after_first(word: str) -> bool:
    """Whether a word of three characters is one and two (小老虎) rather than two and one (展览馆)."""
    if len(word) != _THREE:
        return False
    frequencies = _cutter().FREQ
    return bool(frequencies.get(word[1:], 0) > frequencies.get(word[:2], 0))


@cache
def _cutter():  # type: ignore[no-untyped-def]  # jieba has no types
    import jieba  # noqa: PLC0415 - its dictionary takes a second and 70 MB

    # By hand, because jieba's own way leaves, and trusts, a cache in the shared temporary folder.
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    for word in _NO_WORDS:
        tokenizer.FREQ[word] = 0
    for word in own_words():
        if len(word) > 1 and tokenizer.lcut(word, HMM=False) != [word]:
            tokenizer.suggest_freq(word, tune=True)
    return tokenizer
