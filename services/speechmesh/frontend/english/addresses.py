"""Reads what computers read: URLs, e-mail addresses, file names, paths, handles, hashtags."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.codes import read_alphanumeric
from speechmesh.frontend.english.reading import Context, Piece, Reading
from speechmesh.frontend.english.word_lists import HAVE_NUMBERS
from speechmesh.frontend.english.words import read_word

_TLDS = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|uk|us|ca|de|fr|eu|ch|at|nl|jp|cn|in|au|app|dev|tv|me|xyz|tech|cloud|"
    "online|site|shop|store|blog|news|ly|gg|fm|sh|so|to|im|ru|es|it|br|kr|local|example"
)
_EXTENSIONS = (
    "txt|md|pdf|docx?|xlsx?|pptx?|csv|tsv|json|jsonl|ya?ml|toml|xml|html?|css|jsx?|tsx?|py|pyc|ipynb|java|cpp|hpp|c|h|cs|go|"
    "rs|rb|php|sh|bat|exe|dll|zip|tar|gz|tgz|rar|7z|png|jpe?g|gif|svg|webp|mp3|mp4|wav|ogg|flac|avi|mov|mkv|log|ini|cfg|"
    "conf|env|lock|sql|db|onnx|pt|npy|bin|proto|js|so|swift|kt|vue|tex|bak|iso|apk"
)
_URL = re.compile(
    r"(?:(?:https?|ftp|sftp|ssh|git|file|wss?|grpc|s3|gs|redis|postgres(?:ql)?|mysql|mongodb|amqp|rtmp)://|mailto:|(?=www\.[A-Za-z0-9]))[^\s<>\"'{}|\\^\ufffc]{1,2000}",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:[A-Za-z0-9]{2,10}://|mailto:)")
_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}+", re.ASCII
)
_DOMAIN = re.compile(
    rf"(?:(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{_TLDS})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])|localhost(?=:\d))"
    r"(?::\d{1,5})?(?:/[^\s<>\"'{}|\\^\ufffc]{0,500})?",
    re.ASCII,
)
_FILE = re.compile(
    rf"[A-Za-z0-9_-]{{1,64}}(?:\.[A-Za-z0-9_-]{{1,32}}){{0,4}}\.(?:{_EXTENSIONS})(?![A-Za-z0-9_-]|\.[A-Za-z0-9])",
    re.ASCII,
)
_PATH = re.compile(
    r"(?:~|\.{1,2}|[A-Z]:(?=\\))?(?:[/\\][A-Za-z0-9._-]{1,64}){1,16}+[/\\]?(?:\?[A-Za-z0-9_=&%.-]{1,200}+)?",
    re.ASCII,
)
_HANDLE = re.compile(r"@(?P<name>[A-Za-z0-9_]{1,50})", re.ASCII)
_HASHTAG = re.compile(r"#(?P<name>[A-Za-z][A-Za-z0-9_]{0,80})", re.ASCII)
_COLOUR = re.compile(
    r"#(?P<value>(?=[0-9A-Fa-f]{0,5}\d)(?=\d{0,5}[A-Fa-f])[0-9A-Fa-f]{6}|F{6})(?![A-Za-z0-9_-])", re.ASCII
)
_SERIAL = re.compile(r"#[A-Z]{1,6}-?\d", re.ASCII)
_DOTTED_NAME = re.compile(
    r"[A-Za-z_][A-Za-z0-9_]{0,60}(?:\.[a-z_][A-Za-z0-9_]{0,60}){1,8}+(?:\(\))?", re.ASCII
)
_PORT = re.compile(r":\d{2,5}(?![A-Za-z0-9:.])", re.ASCII)
_TRAILING = ".,;:!?)]}'*_~"
_PART = re.compile(r"[A-Za-z0-9]++|[^A-Za-z0-9]", re.ASCII)
_SPOKEN_SIGNS = {
    ".": "dot", "/": "slash", "-": "dash", "_": "underscore", "@": "at", "?": "question mark", "=": "equals",
    "&": "ampersand", "#": "hash", "%": "percent", ":": "colon", "~": "tilde", "+": "plus", "\\": "backslash",
}  # fmt: skip
_LABELS = {
    "com": "com", "org": "org", "net": "net", "gov": "gov", "co": "co", "io": "I O", "ai": "A I",
    "me": "me", "tv": "T V",
    "uk": "U K", "us": "U S", "eu": "E U", "de": "D E", "fr": "F R", "ca": "C A", "au": "A U", "it": "I T", "in": "I N",
    "edu": "E D U", "py": "P Y", "js": "J S", "so": "S O", "go": "go", "sh": "S H", "at": "A T",
    "to": "to", "im": "I M",
    "exe": "E X E", "usr": "user", "tmp": "temp", "etc": "E T C", "src": "source", "txt": "text", "doc": "doc",
    "docx": "doc X", "yml": "yaml", "ini": "I N I", "es": "E S", "avi": "A V I", "iso": "I S O", "ts": "T S", "c": "C",
    "dev": "dev", "mov": "M O V", "tar": "tar", "svg": "S V G", "xlsx": "X L S X", "csv": "C S V",
    "id": "I D", "a": "A",
    "i": "I",
}  # fmt: skip


def read_parts(text: str, start: int, end: int) -> list[Piece]:
    """Read every word, number and sign of ``text[start:end]``, each with its own span."""
    pieces = []
    for match in _PART.finditer(text, start, end):
        part = match[0]
        if part.isascii() and part.isalnum():
            pieces.append(Piece(_read_label(part), *match.span()))
        elif part in _SPOKEN_SIGNS:
            pieces.append(Piece(_SPOKEN_SIGNS[part], *match.span()))
    return pieces


def _read_label(part: str) -> str:
    if part.lower() in _LABELS:
        return _LABELS[part.lower()]
    if part.isdigit():
        return numbers.identifier(part) if len(part) in {1, 2, 4} else numbers.digits(part)
    if part.isalpha():
        return read_word(part) if len(part) > 1 else part.upper()
    return read_alphanumeric(part)


def recognise_url(context: Context, position: int) -> Reading | None:
    """Read a web address without its scheme."""
    match = _URL.match(context.text, position)
    if match is None:
        return None
    scheme = _SCHEME.match(context.text, position)
    start = scheme.end() if scheme else position
    end = _without_trailing(context.text, start, match.end())
    last = end - 1 if context.text[end - 1] == "/" else end
    pieces = _split_www(read_parts(context.text, start, last))
    if not any(piece.words for piece in pieces):
        return None
    pieces[0] = pieces[0]._replace(start=position)
    return Reading(tuple(pieces), end)


def _without_trailing(text: str, start: int, end: int) -> int:
    while end > start + 1 and text[end - 1] in _TRAILING:
        if text[end - 1] == ")" and text.count("(", start, end) >= text.count(")", start, end):
            break
        end -= 1
    return end


def _split_www(pieces: list[Piece]) -> list[Piece]:
    if pieces and pieces[0].words.lower() == "www":
        pieces[0] = pieces[0]._replace(words="W W W")
    return pieces


def recognise_email(context: Context, position: int) -> Reading | None:
    """Read "john.smith@example.com" as "john dot smith at example dot com"."""
    match = _EMAIL.match(context.text, position)
    if match is None:
        return None
    end = _without_trailing(context.text, position, match.end())
    return Reading(tuple(read_parts(context.text, position, end)), end)


def recognise_domain(context: Context, position: int) -> Reading | None:
    """Read "example.com/path" and file names such as "report.pdf"."""
    text = context.text
    match = _DOMAIN.match(text, position)
    if match:
        end = _without_trailing(text, position, match.end())
        last = end - 1 if text[end - 1] == "/" else end
        return Reading(tuple(_split_www(read_parts(text, position, last))), end)
    match = _FILE.match(text, position)
    return Reading(tuple(read_parts(text, position, match.end())), match.end()) if match else None


def recognise_dotted_name(context: Context, position: int) -> Reading | None:
    """Read a name out of a program: "os.path.join", "snake_case"."""
    match = _DOTTED_NAME.match(context.text, position)
    if match is None:
        return None
    end = match.end()
    if "_" not in match[0] and "(" not in match[0] and any(len(part) < 2 for part in match[0].split(".")):
        return None
    pieces = [
        piece._replace(words=piece.words.replace("underscore", ""))
        for piece in read_parts(context.text, position, end)
    ]
    port = _PORT.match(context.text, end) if match[0].count(".") > 1 else None
    if port:
        pieces += read_parts(context.text, end, port.end())
        end = port.end()
    return Reading(tuple(pieces), end)


def recognise_path(context: Context, position: int) -> Reading | None:
    r"""Read "/usr/local/bin", "~/notes.txt" or "C:\temp" with its separators."""
    text = context.text
    if position and text[position - 1] not in " \n\"'(`=":
        return None
    match = _PATH.match(text, position)
    if match is None or not any(character.isalpha() for character in match[0]):
        return None
    end = _without_trailing(text, position, match.end())
    return Reading(tuple(read_parts(text, position, end)), end)


def recognise_handle(context: Context, position: int) -> Reading | None:
    """Read "@speech_mesh" as "at speech mesh"."""
    if context.text[position - 1 : position].isalnum() and position:
        return None  # 4K@60Hz
    return _tagged(_HANDLE.match(context.text, position), "at", context.text)


def recognise_hashtag(context: Context, position: int) -> Reading | None:
    """Read "#TextToSpeech" as "hashtag text to speech"."""
    colour = _COLOUR.match(context.text, position)
    if colour:
        signs = (numbers.digits(sign) if sign.isdigit() else sign.upper() for sign in colour["value"])
        return Reading(
            (Piece("hash", position, position + 1), Piece(" ".join(signs), *colour.span("value"))),
            colour.end(),
        )
    if _SERIAL.match(context.text, position) and context.previous in HAVE_NUMBERS:
        return Reading((Piece("number", position, position + 1),), position + 1)  # invoice #INV-42
    return _tagged(_HASHTAG.match(context.text, position), "hashtag", context.text)


def _tagged(match: re.Match[str] | None, sign: str, text: str) -> Reading | None:
    if match is None:
        return None
    name = [
        piece._replace(words=piece.words.replace("underscore", "").strip())
        for piece in read_parts(text, *match.span("name"))
    ]
    if not any(piece.words for piece in name):
        return None
    return Reading((Piece(sign, match.start(), match.start() + 1), *name), match.end())
