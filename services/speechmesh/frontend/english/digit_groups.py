"""Rewrites the groups of digits of other countries: "299 792 458", "1'250'000" and "1.250,00" as English has them.

The length stays, so that every span stays true.
"""

from __future__ import annotations

import dataclasses
import re

from speechmesh.frontend.english.folding import FoldedText

# At most 12 groups, so that an endless run of groups is not scanned again and again.
_SPACED = re.compile(
    r"(?<![\d.,+-])(?<![\d)]\ )[1-9]\d{0,2}(?:\ \d{3}){1,12}+(?![\d-]|\ \d)(?:[.,]\d++)?"
    r"(?=[%°€]|\ [A-Za-z€£$%°]|[.,]?(?:\s|$))",
    re.ASCII,
)
_APOSTROPHES = re.compile(r"(?<![\d.,'])\d{1,3}(?:'\d{3}){1,12}+(?![\d'])", re.ASCII)
_CONTINENTAL = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){1,12}+,\d{1,2}(?![\d,]|\.\d)", re.ASCII)
_CONTINENTAL_EUROS = re.compile(
    r"(?<=€)\ ?\d{1,3}(?:\.\d{3}){1,12}+(?![\d,]|\.\d)|(?<![\d.,])\d{1,3}(?:\.\d{3}){1,12}+(?=\ ?(?:€|EUR\b))",
    re.ASCII,
)
_SWAPPED = str.maketrans(".,", ",.")
_NOT_AN_AMOUNT = re.compile(
    r"(?:numbers?|codes?|pin|id|call|dial|text|phone|tel|fax|account|card|room|flight)[\s:.#]*"
    r"(?:is\ |at\ |on\ |to\ )?$",
    re.IGNORECASE,
)
_HARD_SPACES = frozenset("\u00a0\u2007\u2009\u202f")


def regroup(folded: FoldedText) -> FoldedText:
    """Write every number's groups with commas and its decimals after a point."""
    text = folded.text
    text = _APOSTROPHES.sub(lambda match: match[0].replace("'", ","), text)
    text = _CONTINENTAL.sub(lambda match: match[0].translate(_SWAPPED), text)
    text = _CONTINENTAL_EUROS.sub(lambda match: match[0].replace(".", ","), text)
    text = _SPACED.sub(lambda match: _spaced(folded, match), text)
    return folded if text == folded.text else dataclasses.replace(folded, text=text)


def _spaced(folded: FoldedText, match: re.Match[str]) -> str:
    """Join groups that hard spaces hold together; with common spaces two at least, and no code to type."""
    first_space = match[0].index(" ") + match.start()
    hard = folded.source[folded.starts[first_space]] in _HARD_SPACES
    before = match.string[max(0, match.start() - 24) : match.start()]
    if not hard and (match[0].count(" ") < 2 or _NOT_AN_AMOUNT.search(before)):
        return match[0]
    return match[0].replace(" ", ",")
