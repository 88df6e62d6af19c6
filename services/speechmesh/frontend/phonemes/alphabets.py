"""The alphabets in which a pronunciation may be given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.phonemes.arpabet import phones_of_arpabet
from speechmesh.frontend.phonemes.ipa import phones_of_ipa
from speechmesh.frontend.phonemes.pinyin import syllables_of_pinyin
from speechmesh.frontend.phonemes.x_sampa import phones_of_x_sampa
from speechmesh.frontend.ssml.place import shown

MAX_WRITTEN_CHARS: Final = 1_000
"""The longest pronunciation that is taken."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """A way to write pronunciations.

    Attributes:
        name: its one name here.
        language: the language whose units it becomes, `en` or `zh`.
        read: makes those units of what is written; raises InvalidInput on the keyword `field`.
    """

    name: str
    language: str
    read: Callable[..., tuple[str, ...]]


IPA: Final = Alphabet("ipa", "en", phones_of_ipa)
X_SAMPA: Final = Alphabet("x-sampa", "en", phones_of_x_sampa)
ARPABET: Final = Alphabet("arpabet", "en", phones_of_arpabet)
PINYIN: Final = Alphabet("pinyin", "zh", syllables_of_pinyin)

# The clouds' names for the same.
_BY_NAME: Final = {
    **dict.fromkeys(("ipa", "i.p.a."), IPA),
    **dict.fromkeys(("x-sampa", "xsampa"), X_SAMPA),
    **dict.fromkeys(("arpabet", "x-arpabet", "cmu-arpabet", "x-cmu-arpabet"), ARPABET),
    **dict.fromkeys(("pinyin", "x-pinyin", "x-amazon-pinyin", "x-microsoft-pinyin"), PINYIN),
}


def alphabet(name: str, *, field: str = "alphabet") -> Alphabet:
    """The alphabet of that name, case ignored.

    Raises:
        InvalidInput: on `field`, when there is none.
    """
    known = _BY_NAME.get(name.strip().lower())
    if known is None:
        raise InvalidInput(
            field, f"{shown(name)!r} is no alphabet here; there is ipa, x-sampa, arpabet, pinyin"
        )
    return known


def pronunciation(name: str, written: str, *, field: str = "phonemes") -> tuple[str, ...]:
    """A pronunciation in the units of its language: English phones, or syllables of numbered pinyin.

    Raises:
        InvalidInput: on `field`, naming the position of what is wrong; for an unknown alphabet; when it is too long.
    """
    if len(written) > MAX_WRITTEN_CHARS:
        raise InvalidInput(field, f"has {len(written)} characters, {MAX_WRITTEN_CHARS} are taken")
    return alphabet(name, field=field).read(written, field=field)
