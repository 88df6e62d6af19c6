"""What Markdown and HTML leave in a text: list marks, links, tables, tags."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import cardinal
from speechmesh.frontend.mandarin.rule import DIGIT, NOTHING, SILENCE, before, rule

_LINE_BEGINS: Final = re.compile(r"(?:^|\n)[ #>*_+-]*$")
_INDENT: Final = 12
_PAUSE, _PARAGRAPH = "，", "\n"
_BLOCK: Final = re.compile(r"</?(?:p|br|hr|div|li|h[1-6]|tr|ul|ol|table|blockquote|title)\b", re.IGNORECASE)
_ENTITIES: Final = {"amp": "和", "lt": "小于", "gt": "大于", "copy": "版权所有"}


def _begins_line(match: re.Match[str]) -> bool:
    """Whether nothing but mark-up stands before a match on its line."""
    return bool(_LINE_BEGINS.search(before(match, _INDENT))) or (
        match.start() < _INDENT and not match.string[: match.start()].strip(" #>*_+-")
    )


@rule("-*+", r"[-*+] (?:\[[ xX]\] )?")
def _bullet(match: re.Match[str]) -> str | None:
    if not _begins_line(match):
        return None
    return "" if match[0].endswith("] ") else SILENCE


@rule("-=", r"-{3,}+|={3,}+")
def _ruler(match: re.Match[str]) -> str | None:
    return SILENCE


@rule(DIGIT, r"\d{1,3}+(?:[.)](?=[ *\u3400-\u9fff])|、) ?")
def _list_number(match: re.Match[str]) -> str | None:
    return cardinal(match[0].rstrip(".)、 ")) + _PAUSE if _begins_line(match) else None


@rule("!", r"!(?=\[[^\[\]\n]{0,200}+\]\()")
def _image(match: re.Match[str]) -> str | None:
    return SILENCE


@rule("]", r"\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,2000}+(?: \"[^\"\n]{0,200}\")?\)|\]\[[^\[\]\n]{0,100}\]")
def _link_target(match: re.Match[str]) -> str | None:
    return ""


@rule("<", r"</?[A-Za-z][A-Za-z0-9]{0,11}(?:\s[^<>\n]{0,500}+)?/?>|<!--[^<>]{0,500}+-->")
def _tag(match: re.Match[str]) -> str | None:
    return NOTHING + _PARAGRAPH if _BLOCK.match(match[0]) else ""


@rule("&", r"&(amp|lt|gt|quot|apos|nbsp|ndash|mdash|hellip|copy|#\d{1,6}+);")
def _entity(match: re.Match[str]) -> str | None:
    return _ENTITIES.get(match[1], "")


@rule("|", r"\|")
def _cell(match: re.Match[str]) -> str | None:
    return _PAUSE


RULES: Final = (_bullet, _ruler, _list_number, _image, _link_target, _tag, _entity, _cell)
