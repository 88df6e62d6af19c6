"""Skips what is no text: emoticons, HTML tags, the targets of Markdown links."""

from __future__ import annotations

import re

from speechmesh.frontend.english.bare_numbers import counts_something
from speechmesh.frontend.english.reading import Context, Reading, whole
from speechmesh.frontend.english.units import unit_after
from speechmesh.frontend.spoken import Word

_EMOTICON = re.compile(
    r"(?:[:;=]'?-?[)(DPpOo3/\\|*](?![A-Za-z0-9/])|<3(?![A-Za-z0-9%°$,]|\.\d)|[xX]D(?![A-Za-z0-9])|\^_\^)"
)
_SAID_WITH_LOVE = frozenset({"thanks", "kisses", "hugs", "guys", "always", "cheers"})
_WHO_LOVES = frozenset({"i", "we", "they"})
_LINK_TARGET = re.compile(r"\]\((?:[^()\s]|\([^()\s]{0,200}\)){0,1000}+(?:\ \"[^\"\n]{0,200}\")?\)")
_LINK_REFERENCE = re.compile(r"\]\[[^\[\]\n]{0,100}\]")
_FOOTNOTE = re.compile(r"\[\^[^\]\[\s]{1,20}\]:?")
_TAG = re.compile(
    r"</?(?:a|b|i|u|s|p|q|br|hr|em|strong|code|pre|span|div|ul|ol|li|h[1-6]|table|tr|td|th|tbody|thead|img|sub|sup|small|"
    r"mark|del|ins|font|section|article|blockquote|html|body|head|kbd|script|style|title)(?:\s[^<>]{0,500})?/?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(
    r"</?(?:p|br|hr|div|li|h[1-6]|tr|td|th|ul|ol|table|blockquote|title)\b", re.IGNORECASE
)
_ENTITY = re.compile(
    r"&(?:(?P<name>amp|lt|gt|quot|apos|nbsp|ndash|mdash|hellip|copy)|#\d{1,6}|#x[0-9a-fA-F]{1,5});"
)
_ENTITY_WORDS = {
    "amp": "and",
    "lt": "less than",
    "gt": "greater than",
    "mdash": "—",
    "hellip": "…",
    "copy": "copyright",
}


def recognise_markup(context: Context, position: int) -> Reading | None:
    """Skip emoticons, footnote marks, HTML tags and the signs of what is struck out."""
    text = context.text
    before = text[position - 1 : position] if position else " "
    emoticon = (
        _EMOTICON.match(text, position) if before in {" ", "\n"} or text.startswith("<3", position) else None
    )
    if emoticon and not (text[position] == "<" and (before.isalnum() or _is_limit(context, emoticon.end()))):
        if emoticon[0] == "<3" and context.previous in _WHO_LOVES and context.next_word(emoticon.end()):
            return whole("love", position, emoticon.end())  # I <3 NY
        context.drop(position, emoticon.end())
        return Reading((), emoticon.end())
    if text.startswith("~~", position):
        return Reading((), position + 2)  # struck out
    footnote = _FOOTNOTE.match(text, position)
    if footnote:
        context.drop(position, footnote.end())
        return Reading((), footnote.end())
    tag = _TAG.match(text, position)
    if tag:
        context.drop(position, tag.end())
        return whole("." if _BLOCK_TAG.match(text, position) else "", position, tag.end())
    entity = _ENTITY.match(text, position)
    if entity:
        words = _ENTITY_WORDS.get(entity["name"] or "", "")
        return whole(words, position, entity.end())
    return None


def recognise_bracket(context: Context, position: int) -> Reading | None:
    """Read square brackets, and cover the target of a Markdown link by its last word."""
    text = context.text
    if text[position] == "[":
        context.link_item = len(context.items)
        return Reading((), position + 1)
    if text[position] != "]":
        return None
    opened, context.link_item = context.link_item, None
    target = _LINK_TARGET.match(text, position) or _LINK_REFERENCE.match(text, position)
    if target and opened is not None and any(isinstance(item, Word) for item in context.items[opened:]):
        context.extend_last_word(target.end())
        return Reading((), target.end())
    return Reading((), position + 1)


def _is_limit(context: Context, end: int) -> bool:
    """Whether "<3" that ends here is less than three of something: "<3 min", but "I <3 cats"."""
    if context.previous in _WHO_LOVES or context.next_word(end) in _SAID_WITH_LOVE:
        return False
    return unit_after(context.text, end) is not None or counts_something(context.text, end)
