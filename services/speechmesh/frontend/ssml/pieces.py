"""The elements whose text is read in a way of its own: say-as, sub and phoneme."""

from __future__ import annotations

from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.phonemes.alphabets import alphabet, pronunciation
from speechmesh.frontend.ssml.collector import Collector
from speechmesh.frontend.ssml.element import Element, Inside
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import Phonemes, SayAs, SayAsKind

# What the clouds call the same.
_OTHER_NAMES: Final = {
    "number": SayAsKind.CARDINAL,
    "decimal": SayAsKind.CARDINAL,
    "number_digit": SayAsKind.DIGITS,
    "digit": SayAsKind.DIGITS,
    "spell-out": SayAsKind.CHARACTERS,
    "spell": SayAsKind.CHARACTERS,
    "verbatim": SayAsKind.CHARACTERS,
    "letters": SayAsKind.CHARACTERS,
    "phone": SayAsKind.TELEPHONE,
    "money": SayAsKind.CURRENCY,
    "measure": SayAsKind.UNIT,
    "bleep": SayAsKind.EXPLETIVE,
}
_KINDS: Final = {**{kind.value: kind for kind in SayAsKind}, **_OTHER_NAMES}
# SSML's own note on say-as has numbers of several formats.
_NUMBER_FORMATS: Final = ("ordinal", "cardinal", "telephone", "digits", "fraction")
_SPOKEN_AS: Final = {"en": frozenset({"", "en"}), "zh": frozenset({"", "zh", "cmn"})}


def say_as(element: Element) -> Inside:
    """Text of a kind; one that is unknown is read as it stands."""
    name = element.required("interpret-as").strip().lower().removeprefix("vxml:")
    form = element.attributes.get("format", "").strip().lower()
    if name == "number" and form in _NUMBER_FORMATS:
        name, form = form, ""
    kind = _KINDS.get(name)
    if kind is None:
        element.tell(
            "SSML_UNKNOWN_SAY_AS", f"interpret-as {shown(name)!r} is unknown; the text is read as it stands"
        )
    detail = element.attributes.get("detail", "").strip().lower()
    return _piece(element, say_as=kind and SayAs(kind, form, detail))


def sub(element: Element) -> Inside:
    """Text that another is read for."""
    return _piece(element, alias=" ".join(element.required("alias").split()))


def phoneme(element: Element) -> Inside:
    """Text with its pronunciation; one that cannot be read, or is of another language, is left to the spelling."""
    written = element.required("ph")
    try:
        known = alphabet(element.attributes.get("alphabet", "ipa"))
        spoken = element.language_of(element.style.casting).split("-")[0].lower()
        if spoken not in _SPOKEN_AS[known.language]:
            element.tell(
                "SSML_PHONEMES_IGNORED",
                f"{known.name} is not read for {spoken!r}; the text is read as it stands",
            )
            return _piece(element)
        phones = pronunciation(known.name, written)
    except InvalidInput as error:
        attribute = "alphabet" if error.field == "alphabet" else "ph"
        return _spelling(element, f"{attribute}: {error.description}")
    return _piece(element, phonemes=Phonemes(known.name, written, phones, known.language))


def _spelling(element: Element, problem: str) -> Inside:
    """Text without the pronunciation that was given; an element that has none cannot be served."""
    inside = _piece(element)
    read = inside.finish

    def finish(offset: int) -> None:
        if not inside.collector.items():
            raise element.wrong(problem)
        element.tell("SSML_PHONEMES_IGNORED", f"{problem}; the text is read as it stands")
        if read:
            read(offset)

    inside.finish = finish
    return inside


def _piece(
    element: Element,
    *,
    say_as: SayAs | None = None,
    phonemes: Phonemes | None = None,
    alias: str | None = None,
) -> Inside:
    collector, outer = Collector(), element.collector
    tag = element.place.offset, element.tag_end

    def finish(_offset: int) -> None:
        outer.piece(collector, tag, element.style, say_as=say_as, phonemes=phonemes, alias=alias)

    inside = Inside(element.style, collector, is_text=True)
    inside.finish = finish
    return inside
