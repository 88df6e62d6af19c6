"""The phones of the English token set: CMU symbols in lower case, vowels with stress 0 or 1."""

from typing import Final

Phones = tuple[str, ...]
"""A pronunciation: tokens of `PHONES` in speaking order."""


def parse(text: str) -> Phones:
    """Phones written with blanks between them."""
    return tuple(text.split())


_VOWEL_QUALITIES = parse("aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw")
_CONSONANTS = parse("b ch d dh f g hh jh k l m n ng p r s sh t th v w y z zh")

PAUSE: Final = "pau"
"""The token of a pause; not a phone, but a valid neighbour of one."""

PHONES: Final[Phones] = (*(f"{vowel}{stress}" for vowel in _VOWEL_QUALITIES for stress in "01"), *_CONSONANTS)
"""All 56 phones in token-table order: the table without `<pad>` and `pau`."""

PHONE_SET: Final = frozenset(PHONES)
SIBILANTS: Final = frozenset(parse("s z sh zh ch jh"))
VOICELESS: Final = frozenset(parse("p t k f th s sh ch hh"))

LETTER_NAMES: Final[dict[str, Phones]] = {
    letter: parse(phones)
    for letter, phones in {
        "a": "ey1", "b": "b iy1", "c": "s iy1", "d": "d iy1", "e": "iy1", "f": "eh1 f", "g": "jh iy1",
        "h": "ey1 ch", "i": "ay1", "j": "jh ey1", "k": "k ey1", "l": "eh1 l", "m": "eh1 m", "n": "eh1 n",
        "o": "ow1", "p": "p iy1", "q": "k y uw1", "r": "aa1 r", "s": "eh1 s", "t": "t iy1", "u": "y uw1",
        "v": "v iy1", "w": "d ah1 b ax0 l y uw0", "x": "eh1 k s", "y": "w ay1", "z": "z iy1",
    }.items()
}  # fmt: skip
"""How each letter is called, American ("z" is zee)."""


def is_vowel(phone: str) -> bool:
    """Whether a phone is a vowel; only vowels carry a stress digit."""
    return phone[-1] in "01"


def has_vowel(phones: Phones) -> bool:
    """Whether a pronunciation has a syllable at all."""
    return any(map(is_vowel, phones))


def is_stranded(phones: Phones, at: int) -> bool:
    """Whether the sonorant or h at an index has no vowel to lean on: the r of "t r z", the m of "m s t".

    English says such a sound beside a vowel, or one glide or liquid away from it ("f ao1 r m", "n y uw1").
    Obstruents are never stranded ("s ih1 k s th s").
    """
    phone = phones[at]
    before = phones[at - 1] if at > 0 else ""
    after = phones[at + 1] if at + 1 < len(phones) else ""
    leans_left = bool(before) and is_vowel(before)
    leans_right = bool(after) and is_vowel(after)
    if phone in ("w", "y"):
        return not leans_right
    if phone == "hh":
        return not (leans_right or after in ("w", "y"))
    if phone == "r":
        return not (leans_left or leans_right)
    if phone in ("l", "m", "n"):
        return not (leans_left or leans_right or before in ("r", "l") or after in ("w", "y"))
    return False


def is_plausible(phones: Phones) -> bool:
    """Whether this can be a word: it has a vowel, no stranded sound, and a stress among several vowels."""
    stresses = [phone[-1] for phone in phones if is_vowel(phone)]
    if not stresses or (len(stresses) > 1 and "1" not in stresses):
        return False
    return not any(is_stranded(phones, at) for at in range(len(phones)))


def support_stranded(phones: Phones) -> Phones:
    """The pronunciation with a schwa for every stranded sound ("t r z" becomes "t er0 z")."""
    supported: list[str] = []
    for at, phone in enumerate(phones):
        if not is_stranded(phones, at):
            supported.append(phone)
        elif phone == "r":
            supported.append("er0")
        elif phone in ("w", "y", "hh"):
            supported += [phone, "ax0"]
        else:
            supported += ["ax0", phone]
    return tuple(supported)


def with_stress(phones: Phones) -> Phones:
    """The pronunciation with a stress on its first full vowel when it has several vowels and no stress."""
    vowels = [at for at, phone in enumerate(phones) if is_vowel(phone)]
    if len(vowels) < 2 or any(phones[at].endswith("1") for at in vowels):
        return phones
    at = next((at for at in vowels if not phones[at].startswith("ax")), vowels[0])
    stressed = "ah1" if phones[at].startswith("ax") else f"{phones[at][:-1]}1"  # a schwa is never stressed
    return (*phones[:at], stressed, *phones[at + 1 :])


def spell(word: str) -> Phones:
    """The letter names of `word` one after the other; anything but a to z is silent."""
    return tuple(phone for letter in word for phone in LETTER_NAMES.get(letter, ()))
