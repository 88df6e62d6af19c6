"""Traditional characters as the simplified ones that dictionaries and phrase tables know, one for one."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

_LITERARY: Final = "坤隆陵清卦元嘉道"  # 乾 is 乾 before these, else 干
# Of 著: the book and fame; everything else of it is the particle 着.
_AUTHORED_AFTER: Final = frozenset("名作述称稱者书書录錄")
_AUTHORED_BEFORE: Final = frozenset("显顯原名专專编編巨论論卓昭土遗遺译譯合")
# 著 is the particle 着 after these even where nothing else of the text is traditional.
_WRITTEN_SO_TODAY: Final = re.compile(
    r"(?<=[看听聽走跑坐站拿抱笑哭说說想等带帶跟随睡穿活有望顺沿朝向对背扶牵指喊唱写读吃喝开])著(?![名作述称者书录])"
)
_LEANT_ON: Final = frozenset("口助此由着著")


@cache
def _table() -> dict[str, str]:
    """Each traditional character's simplified one."""
    data = (
        resources.files("speechmesh.frontend.mandarin").joinpath("data", "traditional.tsv").read_text("utf-8")
    )
    pairs: dict[str, str] = {"妳": "你"}
    for line in data.splitlines():
        if not line.startswith("#"):
            traditional, simplified = line.split("\t")
            pairs.update(zip(traditional, simplified, strict=True))
    return pairs


def simplified(text: str) -> str:
    """The text in simplified characters, as long as it was.

    Characters that both scripts have but that stand for another one in the traditional script (`著` for `着`) are
    changed only in a text that has traditional characters.
    """
    table = _table()
    if table.keys().isdisjoint(text):
        return _WRITTEN_SO_TODAY.sub("着", text)
    return "".join(_one(text, i, table) for i in range(len(text)))


def _one(text: str, i: int, table: dict[str, str]) -> str:
    character = text[i]
    before, after = text[i - 1] if i else "", text[i + 1 : i + 2]
    match character:
        case "乾":
            return character if after and after in _LITERARY else "干"
        case "著":
            return character if after in _AUTHORED_AFTER or before in _AUTHORED_BEFORE else "着"
        case "瞭":
            return "了" if after == "解" or before == "明" else character
        case "藉":
            return "借" if after in _LEANT_ON or before in ("憑", "凭") else character
        case "甚":
            return "什" if after in ("麼", "么") else character
    return table.get(character, character)
