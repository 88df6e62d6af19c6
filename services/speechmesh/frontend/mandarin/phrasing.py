"""Prosodic words and phrases of Mandarin: which words are said as one, and where a phrase ends without a mark.

A prosodic word has two syllables, or three, or an enclitic more; an intermediate phrase about seven. Which words cling
to which, and before which a phrase begins, are short lists; where they leave a choice, the evenest phrases win.
"""

from __future__ import annotations

from collections.abc import Sequence

# Said as part of the word before.
_ENCLITICS = frozenset(
    "的 了 着 过 地 得 们 吗 呢 吧 啊 呀 嘛 之 里 上 下 中 内 外 前 后 时 个 年 月 日 号 元 岁".split()
)
# Said as part of the word after, where that leaves a word of common length.
_PROCLITICS = frozenset(
    "不 没 很 最 更 太 也 都 就 才 又 再 还 只 将 已 曾 在 从 向 往 对 把 被 给 比 跟 和 与 或 是 有 每 各 这 那 第 "
    "我 你 他 她 它 其 该 本 一 两 几".split()
)
_DIGITS = frozenset("零〇一二三四五六七八九幺")
_LONGEST_WORD = 4
# A phrase begins before these rather than before others.
_OPENERS = frozenset(
    "和 与 及 以及 或 或者 而 而且 并 并且 但 但是 因为 所以 如果 虽然 在 从 向 对 对于 关于 把 被 将 由 为 为了 "
    "按照 根据 通过 随着 比 跟 同 使 让 据 是".split()
)
_IDEAL_SYLLABLES, _SHORTEST = 7, 3
_AT_OPENER, _AFTER_DE, _ELSEWHERE = 0.0, 0.6, 1.6
_UNEVENNESS = 0.12


def prosodic_words(words: Sequence[str], n_syllables: Sequence[int]) -> list[list[int]]:
    """Indices of the words that are said as one, in order; every word is in one group."""
    groups: list[list[int]] = []
    size = 0
    for i, (word, n) in enumerate(zip(words, n_syllables, strict=True)):
        if groups and _joins(words, n_syllables, i, size):
            groups[-1].append(i)
            size += n
        else:
            groups.append([i])
            size = n
        if word.isascii():  # English stands alone
            size = _LONGEST_WORD
    return groups


def _joins(words: Sequence[str], n_syllables: Sequence[int], i: int, size: int) -> bool:
    """Whether word `i` is said as part of the prosodic word before it, of `size` syllables so far."""
    word, before = words[i], words[i - 1]
    if word.isascii() or before.isascii():
        # The letters of an acronym, the last one with the s of a plural.
        return len(before) == 1 and before.isascii() and len(word.removesuffix("'s")) == 1 and word.isascii()
    if before in _DIGITS and word[0] in _DIGITS:
        return size == 1 and n_syllables[i] <= 2  # digits go in twos
    if word in _ENCLITICS:
        return size <= _LONGEST_WORD
    if size + n_syllables[i] > _LONGEST_WORD - 1 + (before in _PROCLITICS):
        return False
    if before in _PROCLITICS and size <= 2:
        return True
    following = words[i + 1] if i + 1 < len(words) else ""
    # Two single characters make a word, unless the second leans on what follows.
    return size == 1 and len(before) == len(word) == 1 and not (word in _PROCLITICS and following)


def phrase_ends(
    words: Sequence[str], groups: Sequence[Sequence[int]], n_syllables: Sequence[int]
) -> set[int]:
    """Groups after which an intermediate phrase ends, the last one not among them."""
    sizes = [sum(n_syllables[i] for i in group) for group in groups]
    n = len(groups)
    best, previous = [0.0] + [float("inf")] * n, [0] * (n + 1)
    for stop in range(1, n + 1):
        syllables = 0
        for start in range(stop - 1, -1, -1):
            syllables += sizes[start]
            cost = best[start] + _UNEVENNESS * (syllables - _IDEAL_SYLLABLES) ** 2 / _IDEAL_SYLLABLES
            cost += _cut_cost(words, groups, start) + (2.0 if syllables < _SHORTEST and n > 1 else 0.0)
            if cost < best[stop]:
                best[stop], previous[stop] = cost, start
            if syllables > 3 * _IDEAL_SYLLABLES:
                break
    ends = set()
    while previous[n]:
        n = previous[n]
        ends.add(n - 1)
    return ends


def _cut_cost(words: Sequence[str], groups: Sequence[Sequence[int]], at: int) -> float:
    """What it costs to begin a phrase with group `at`."""
    if at == 0:
        return 0.0
    if words[groups[at][0]] in _OPENERS:
        return _AT_OPENER
    return _AFTER_DE if words[groups[at - 1][-1]] == "的" else _ELSEWHERE
