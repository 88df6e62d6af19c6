"""Names of Latin letters as Chinese speakers say them, in syllables of Mandarin; and of digits."""

from __future__ import annotations

LETTER_NAMES: dict[str, tuple[str, ...]] = {
    letter: tuple(said.split())
    for letter, said in {
        **{"a": "ei1", "b": "bi4", "c": "xi1", "d": "di4", "e": "yi4", "f": "ai2 fu5", "g": "ji4"},
        **{"h": "ei1 chi5", "i": "ai4", "j": "zhei4", "k": "kei4", "l": "ai2 lou5", "m": "ai2 mu5"},
        **{"n": "en1", "o": "ou1", "p": "pi1", "q": "kiu1", "r": "a1 er5", "s": "ai2 si5", "t": "ti4"},
        **{"u": "you1", "v": "wei1", "w": "da2 bu5 liu5", "x": "ai2 ke5 si5", "y": "wai4", "z": "zei4"},
    }.items()
}
DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
