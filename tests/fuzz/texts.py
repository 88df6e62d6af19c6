"""Plain texts by chance: any characters, sentences that people write with something wrong in them, Markdown."""

from __future__ import annotations

import random
from functools import cache

from bench.texts import MIXED, THOUSAND
from tests.unit.frontend.reading_cases import load_cases

_CHINESE = (
    "今天天气怎么样？我们去公园散步吧，好不好？",
    "2024年3月5日，气温是12.5℃，涨了3.5%。他说：“走吧！”然后就走了。",
    "银行行长说，一共有1,299.50元。",
    "第一，他们不知道；第二，谁也不想去。",
    "请拨打400-820-8820，或访问www.example.com。",
)
# What readers look for, and what they should not stumble over.
_SIGNS = (
    "aAbIxXzé0159.,:;!?-–—'\"’“”()[]{}<>/\\|@#$€%&*_=+~^` \n\t\r½²₂°µ∈√Ω万元亿千百第一不了儿你好。，！？、：；…《》「」"
    "\u00a0\u00ad\u200b\u200d\u200e\u202e\u2028\u2066\ufe0f\ufeff\u20e3\u0301\u0338\x00\x01\x1b\x7f\ufffd\uffff"
    "🙂👩🚀🇺🇸אבعربहिन्दीไทย한글かなカナｱＡ１㎏ⅣⅨ㈱①½ﬁǅßİıſ𝔸𝟙𠮷豈⼀"
)
# Where characters behave alike.
_BLOCKS = (
    (0x20, 0x7E), (0x20, 0x7E), (0x00, 0x20), (0x80, 0x24F), (0x250, 0x2FF), (0x300, 0x36F), (0x370, 0x52F),
    (0x590, 0x8FF), (0x900, 0x109F), (0x1100, 0x11FF), (0x1E00, 0x206F), (0x2070, 0x2BFF), (0x2E80, 0x30FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x4E00, 0x9FFF), (0xA000, 0xD7FF), (0xE000, 0xFAFF), (0xFB00, 0xFFFF),
    (0x1D400, 0x1D7FF), (0x1F000, 0x1FAFF), (0x20000, 0x323AF), (0xE0000, 0xE01EF), (0x10000, 0x10FFFF),
)  # fmt: skip
_UNITS = (
    "7", "....", "a.", "a.a.a.a", "1/1/1", "1/2 ", "a@b.c", "x@", "\"'", "“‘", "((", "[[", "[a](", "**", "_a", "``",
    "10.0.0.1:", "1,111", "1 111 ", "1'111", "+1-", "1:00-", "Jan 2020-", "1%-", "$x=", "\\frac{", "f(x)", "C6H",
    "万", "1万", "🙂", "👩\u200d", "🇺", "~~", "[^a", "http://a/", "<b ", "#a", "- ", "|", "\n", "Dr. ", "etc. ", "I ",
    "e\u0301\u0301", "\u0301", "\u202e", "\u200b", "א", "ع ", "'", "’s", "don't", "-", "–", "1-", "1.", "1,", "$1",
    "第一", "一", "不", "一一", "一不", "1月", "1:1", "%", "℃", "x²", "m/s", "IV ", "XIV", "A.B.", "U.S.", "No. ", "½",
    "&amp;", "&", "\t", "\u2028", "\x00", "\x1f", "儿", "得了", "〇", "二〇", "百万", "1e", "1e9 ", "#1", "@a", "q",
    "and ", "the ", "ab ", "ab, ", "ab! ", "ab\n\n", "| a ", "|-|", "> ", "* ", "1. ", "# a\n", "```\na\n```\n", "¥1",
)  # fmt: skip
_MARKDOWN = (
    "# {}\n", "## {}\n", "- {}\n", "* {}\n", "  - {}\n", "1. {}\n", "2) {}\n", "> {}\n", "**{}** ", "*{}* ", "__{}__ ",
    "`{}` ", "```python\n{}\n```\n", "[{}](https://example.com/a?b=1) ", "![{}](a.png)\n", "| {} | b |\n|---|---|\n",
    "~~{}~~ ", "$${}$$ ", "$x^2 + {}$ ", "\\({}\\) ", "<b>{}</b> ", "- [x] {}\n", "[^1]: {}\n", "{}[^1] ", "---\n{}\n",
    "{}\n\n", "{} ", "{}: ", "({}) ", "“{}” ", "**{}:** ", "<!-- {} --> ", "&lt;{}&gt; ", "😀 {} ", "### **{}**\n",
)  # fmt: skip
_LENGTHS = (60, 200, 2_000, 20_000)  # at most, from the most frequent
_LENGTH_CHANCES = (85, 12, 2.7, 0.3)


@cache
def sentences(reader: str) -> tuple[str, ...]:
    """What people write in a language."""
    cases = tuple(case.text for case in load_cases(reader))
    return cases + ((*MIXED, THOUSAND) if reader == "english" else _CHINESE)


def length(dice: random.Random) -> int:
    """How long a text is: mostly short."""
    return dice.randint(0, dice.choices(_LENGTHS, _LENGTH_CHANCES)[0])


def anything(dice: random.Random, n_chars: int) -> str:
    """Characters of a few blocks, or of those that mean something."""
    if dice.random() < 0.5:
        return "".join(dice.choices(_SIGNS, k=n_chars))
    blocks = dice.choices(_BLOCKS, k=dice.randint(1, 4))
    return "".join(_character(dice, *dice.choice(blocks)) for _ in range(n_chars))


def _character(dice: random.Random, first: int, last: int) -> str:
    code = dice.randint(first, last)
    return " " if 0xD800 <= code <= 0xDFFF else chr(code)  # half a surrogate pair is in no proto string


def repetition(dice: random.Random, n_chars: int) -> str:
    """A few units over and over, maybe closed by others."""
    text = ""
    while len(text) < n_chars:
        unit = "".join(dice.choices(_UNITS, k=dice.randint(1, 2)))
        text += unit * dice.randint(1, max(1, n_chars // len(unit)))
    return text[:n_chars]


def mutated(dice: random.Random, reader: str, n_chars: int) -> str:
    """Sentences that were cut up, joined and mistyped."""
    other = "mandarin" if reader == "english" else "english"
    parts: list[str] = []
    n = 0
    while n < n_chars:
        text = dice.choice(sentences(reader if dice.random() < 0.9 else other))
        parts.append(text + dice.choice((" ", " ", "\n", "", ", ")))
        n += len(parts[-1])
    return mistyped(dice, "".join(parts)[:n_chars])


def mistyped(dice: random.Random, text: str) -> str:
    """A text with characters left out, put in, doubled or moved."""
    for _ in range(dice.randint(0, 4)):
        at = dice.randint(0, len(text))
        to = min(len(text), at + dice.randint(0, 8))
        part = dice.choice(
            (
                "",
                anything(dice, 1),
                text[at:to] * 2,
                dice.choice(_UNITS),
                text[at:to][::-1],
                text[at:to].upper(),
            )
        )
        text = text[:at] + part + text[to:]
    return text


def markdown(dice: random.Random, reader: str, n_chars: int) -> str:
    """What a language model answers, and what it should not."""
    text = ""
    while len(text) < n_chars:
        inner = dice.choice(sentences(reader))[: dice.choice((10, 40, 1_000))]
        for form in dice.choices(_MARKDOWN, k=dice.randint(1, 2)):
            inner = form.replace("{}", inner)
        text += inner
    return mistyped(dice, text[:n_chars]) if dice.random() < 0.3 else text[:n_chars]


def natural(dice: random.Random, reader: str, n_chars: int) -> str:
    """Sentences as they are, one after the other."""
    text = ""
    while len(text) < n_chars:
        text += dice.choice(MIXED if reader == "english" else _CHINESE) + (
            "" if reader == "mandarin" else " "
        )
    return text.strip()


def some_text(dice: random.Random, reader: str, n_chars: int) -> str:
    """Any of these."""
    kind = dice.random()
    if kind < 0.25:
        return anything(dice, n_chars)
    if kind < 0.75:
        return mutated(dice, reader, n_chars)
    return repetition(dice, n_chars) if kind < 0.9 else markdown(dice, reader, n_chars)
