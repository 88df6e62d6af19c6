"""E-mail and web addresses, file names, network addresses, mentions."""

from __future__ import annotations

import re
from typing import Final

from speechmesh.frontend.mandarin.numerals import by_digit
from speechmesh.frontend.mandarin.rule import DIGIT, LATIN, before, rule

_SIGNS: Final = str.maketrans(
    {
        **{".": "点", "/": "斜杠", "-": "杠", "_": "下划线", ":": "冒号", "@": "艾特", "~": "波浪号"},
        **{"+": "加", "%": "百分号"},
    }
)
_TOP_LEVELS: Final = (
    "com|cn|net|org|edu|gov|io|ai|cc|tv|co|me|info|dev|app|xyz|top|tech|hk|tw|jp|uk|us|de|fr|eu"
)
_PATH: Final = r"(?::\d{1,5}+)?(?:[/?#](?:[A-Za-z0-9\-._~%/?#=&+:@,;!$*]{0,1000}[A-Za-z0-9/_=&#-])?)?"
_LABEL: Final = r"[A-Za-z0-9][A-Za-z0-9-]{0,62}+"
_FILES: Final = "|".join(
    """
    py [jt]s txt pdf docx? xlsx? pptx? jpe?g png gif mp[34] wav zip rar json ya?ml html? css md csv exe apk cpp java
    sh bat log ini conf toml sql ipynb
    """.split()
)


def _spoken(address: str) -> str:
    """An address as it is dictated; a query string is not, nobody could follow it."""
    address = re.split(r"[?#]", address, maxsplit=1)[0].rstrip("/")
    return by_digit(address.translate(_SIGNS))


@rule(LATIN + DIGIT, r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}+@" + _LABEL + rf"(?:\.{_LABEL}){{1,5}}+")
def _email(match: re.Match[str]) -> str | None:
    return _spoken(match[0])


@rule("hHfF", r"(?:https?|ftp)://([A-Za-z0-9\-._~%/?#=&+:@,;!$*]{0,2000}[A-Za-z0-9/_=&#-])")
def _url(match: re.Match[str]) -> str | None:
    return _spoken(match[1])


@rule(
    LATIN + DIGIT, rf"(?:{_LABEL}\.){{1,5}}(?:{_TOP_LEVELS})(?![A-Za-z0-9]|\.[A-Za-z0-9])(?<!\d\.me){_PATH}"
)
def _site(match: re.Match[str]) -> str | None:
    return _spoken(match[0])


@rule(LATIN, r"www\.[A-Za-z0-9.-]{0,200}[A-Za-z0-9]" + _PATH)
def _www(match: re.Match[str]) -> str | None:
    return _spoken(match[0])


@rule(LATIN + DIGIT, rf"[A-Za-z0-9_-]{{1,60}}+\.(?:{_FILES})(?![A-Za-z0-9])")
def _file(match: re.Match[str]) -> str | None:
    return _spoken(match[0])


@rule("/.~", r"(?:~|\.{1,2})?(?:/[A-Za-z0-9._-]{1,60}+){1,20}+/?")
def _path(match: re.Match[str]) -> str | None:
    ahead, deep = before(match, 1), match[0].count("/") > 1 or match[0][0] != "/"
    apart = not ahead or ahead in " `\"“'‘（(\n：:，、"
    if not match[0].islower() or not (apart or (deep and not (ahead.isascii() and ahead.isalnum()))):
        return None
    return _spoken(match[0].rstrip("."))


@rule(LATIN, r"[A-Za-z]:\\(?:[A-Za-z0-9._ -]{0,60}\\){0,20}[A-Za-z0-9._-]{0,60}")
def _drive(match: re.Match[str]) -> str | None:
    return by_digit(match[0].rstrip("\\.").replace(":\\", "盘\\").replace("\\", "，").translate(_SIGNS))


@rule(DIGIT, r"\d{1,3}+(?:\.\d{1,3}+){3}(?::\d{1,5}+|/\d{1,2}+)?(?![\d.])")
def _network(match: re.Match[str]) -> str | None:
    return _spoken(match[0])


@rule("@", r"@(?=[A-Za-z0-9_\u3400-\u9fff])")
def _mention(match: re.Match[str]) -> str | None:
    return None if before(match, 1) == "@" else "艾特"


RULES: Final = (_email, _url, _site, _www, _path, _drive, _file, _network, _mention)
