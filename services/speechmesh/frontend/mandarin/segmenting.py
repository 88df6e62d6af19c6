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
_NO_WORDS: Final = ("买好", "本书", "只手", "地走了", "脏得", "腿折")
# What a word of three characters ends in where its first two are a word: 难民 营 rather than 难 民营.
_ENDINGS: Final = frozenset("人者期营士法式额家院性化轴声令员馆站机器学店权剂局费税品率")


def halves(word: str) -> tuple[str, str] | None:
    """The two words that a word of three characters or more is made of; None where the dictionary has no such two."""
    frequencies = _cutter().FREQ
    ends = len(word) == _THREE and word[2] in _ENDINGS and word[1:] not in own_words()
    if ends and frequencies.get(word[:2]):
        return word[:2], word[2]
    splits = [(word[:i], word[i:]) for i in range(1, len(word))]
    # Characters are so frequent that one would come off any word: 正月 初一, 训练 场地.
    known = [
        (1 not in (len(a), len(b)), frequencies.get(a, 0) * frequencies.get(b, 0), a, b) for a, b in splits
    ]
    likeliest = max((split for split in known if split[1]), default=(False, 0, "", ""))
    return likeliest[2:] if len(word) >= _THREE and likeliest[1] else None


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
