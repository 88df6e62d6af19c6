"""Roman numerals in Latin letters, where what stands around them says that they are numerals."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import cardinal
from speechmesh.frontend.mandarin.rule import before, rule

_VALUES: Final = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_VALID: Final = re.compile(r"(?=.)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")


@rule("IVXLC", r"[IVXLC]{1,8}+(?![A-Za-z0-9])(型|期|级|类|世|章|卷|度|部|代|号|届|节|条|篇)?")
def _roman(match: re.Match[str]) -> str | None:
    counted = match[1] or ""
    numeral = match[0].removesuffix(counted)
    if not _VALID.fullmatch(numeral) or not (before(match, 1) == "第" or (counted and len(numeral) > 1)):
        return None
    return cardinal(str(_value(numeral))) + counted


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    return sum(
        -value if following > value else value
        for value, following in zip(values, [*values[1:], 0], strict=True)
    )


RULES: Final = (_roman,)
