"""The English tokens: phones of CMU's set with stress, as the frontend's English reader makes them."""

from __future__ import annotations

from speechmesh.common.errors import Incompatible

PAD, PAUSE = "<pad>", "pau"
VOWELS = "aa ae ah ao aw ax ay eh er ey ih iy ow oy uh uw".split()
CONSONANTS = "b ch d dh f g hh jh k l m n ng p r s sh t th v w y z zh".split()

TOKENS: tuple[str, ...] = (PAD, PAUSE, *(vowel + stress for vowel in VOWELS for stress in "01"), *CONSONANTS)

_SILENCES = {"pau", "h#", "brth", "sil", "#"}


def token_of(phone: str, stressed: bool) -> str:
    """The token of a teacher's phone.

    Raises:
        Incompatible: for a phone that is not in the set.
    """
    if phone in _SILENCES:
        return PAUSE
    if phone in VOWELS:
        return f"{phone}{int(stressed)}"
    if phone in CONSONANTS:
        return phone
    raise Incompatible(f"the teacher's phone {phone!r} is not in the voice's token table")
