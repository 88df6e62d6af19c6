"""Pronounces words built from known words: inflections, affixes, clitics, compounds."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from speechmesh.frontend.english.phones import SIBILANTS, VOICELESS, Phones, has_vowel, is_vowel, parse

Lookup = Callable[[str], Phones | None]
"""The pronunciation of a known word, or None."""

_MAX_DEPTH: Final = 3
"""Affixes that are taken off one word: "un-token-iz-er-s" needs no more, and it bounds the search."""
_MIN_STEM_LETTERS: Final = 3

_CLITICS: Final = ("n't", "'ll", "'re", "'ve", "'s", "'d", "'m", "'")
_ELISIONS: Final[dict[str, Phones]] = {"o'": ("ow0",), "d'": ("d",), "l'": ("l",), "'": ()}


class _Suffix(NamedTuple):
    """A suffix that is simply said after its stem."""

    letters: str
    phones: Phones
    takes_y: bool = False  # the stem's final y became i ("happiness")
    drops_e: bool = False  # the stem lost a final e or doubled its consonant ("driver", "runner")
    min_stem: int = 4  # shorter ones are mostly chance ("def-er", "com-ment")
    after: str = ""  # how the stem must end


# Only suffixes that leave their stem as it is; on "-able", "-ism", "-ist" and "-ize" the network erred less.
_SUFFIXES: Final = (
    _Suffix("ing", parse("ih0 ng"), drops_e=True, min_stem=3),
    _Suffix("er", parse("er0"), takes_y=True, drops_e=True),
    _Suffix("est", parse("ax0 s t"), takes_y=True, drops_e=True),
    _Suffix("ally", parse("l iy0"), after="ic"),
    _Suffix("ly", parse("l iy0"), takes_y=True),
    _Suffix("ness", parse("n ax0 s"), takes_y=True),
    _Suffix("less", parse("l ax0 s"), takes_y=True),
    _Suffix("ful", parse("f ax0 l"), takes_y=True),
    _Suffix("ment", parse("m ax0 n t"), takes_y=True),
    _Suffix("like", parse("l ay1 k")),
)

_PREFIXES: Final[dict[str, Phones]] = {
    prefix: parse(phones)
    for prefix, phones in {
        "un": "ax0 n", "re": "r iy0", "dis": "d ih0 s", "mis": "m ih0 s", "non": "n aa1 n",
        "anti": "ae1 n t iy0", "auto": "ao1 t ow0", "bio": "b ay1 ow0",
        "crypto": "k r ih1 p t ow0", "cyber": "s ay1 b er0", "giga": "g ih1 g ax0", "hyper": "hh ay1 p er0",
        "inter": "ih1 n t er0", "kilo": "k ih1 l ax0", "mega": "m eh1 g ax0", "meta": "m eh1 t ax0",
        "micro": "m ay1 k r ow0", "milli": "m ih1 l ax0", "mini": "m ih1 n iy0", "multi": "m ah1 l t iy0",
        "nano": "n ae1 n ow0", "neuro": "n uh1 r ow0", "out": "aw1 t", "over": "ow1 v er0",
        "photo": "f ow1 t ow0", "post": "p ow1 s t", "pseudo": "s uw1 d ow0", "semi": "s eh1 m iy0",
        "super": "s uw1 p er0", "tele": "t eh1 l ax0", "tera": "t eh1 r ax0", "trans": "t r ae0 n z",
        "ultra": "ah1 l t r ax0", "under": "ah1 n d er0",
    }.items()
}  # fmt: skip

# British spellings whose American one the lexicon has; tried only for unknown words.
_AMERICAN: Final = (
    ("isation", "ization"), ("ise", "ize"), ("isi", "izi"), ("yse", "yze"), ("ysi", "yzi"), ("our", "or"),
    ("tre", "ter"), ("bre", "ber"), ("ogue", "og"), ("ence", "ense"), ("ll", "l"), ("ae", "e"), ("oe", "e"),
)  # fmt: skip

_DIPHTHONGS: Final = ("ae", "oe")  # inside a word: "toe" is no "te"

# The lexicon's short words are full of names and abbreviations ("ers", "tho", "ang"): of three letters, only
# these make compounds.
_SHORT_PARTS: Final = frozenset(
    parse("""
    aim air all app arm bad bag ban bar bat bay bed bee big bit bot box boy bug bus buy cab can cap car
    cat cow cub cup cut day dog dot dry dye ear eat egg end eye fan far fat fit fly fog fox fun fur gap
    gas god gum gun guy hat hay hen hit hot how hub ice jet job jog key kid lab law leg lid lip log low
    mad man map mat men mix mob mom mud net new nut oak off oil old one out own pad pan pay pen pet pie
    pig pin pit pop pot rag ram rat raw red rib rod row rug run sad saw sea set sex she shy sit six sky
    spy sun tap tax tea ten tie tin tip toe top toy tub two war wax way web wet who wig win wit zip zoo
    """)
)  # fmt: skip

# A Latin or Greek combining form ends in a vowel ("homo-", "typo-") and moves its neighbour's stress: left to
# the network. These are plain words.
_VOWEL_FINAL_PARTS: Final = frozenset(
    parse("data video media info demo radio euro taxi sea tea zoo two bee tie toe")
)

# Second parts that lose their vowel: "foreman", "troublesome".
_REDUCED_PARTS: Final = {"man": parse("m ax0 n"), "men": parse("m ax0 n"), "some": parse("s ax0 m")}

# Known words that end unknown ones by chance: "graphology", "groundling".
_NO_SECOND_PARTS: Final = frozenset(parse("logy ling ency lace rage able sable"))

_DIGRAPHS: Final = frozenset(parse("ch gh ph sh th wh"))


def with_s(stem: Phones) -> Phones:
    """The stem with plural, verbal or possessive s: "ax0 z" after a sibilant, else s or z by voicing."""
    if stem[-1] in SIBILANTS:
        return (*stem, "ax0", "z")
    return (*stem, "s") if stem[-1] in VOICELESS else (*stem, "z")


def with_ed(stem: Phones) -> Phones:
    """The stem in the past: "ax0 d" after t or d, else t or d by voicing."""
    if stem[-1] in ("t", "d"):
        return (*stem, "ax0", "d")
    return (*stem, "t") if stem[-1] in VOICELESS else (*stem, "d")


def split_clitic(word: str) -> tuple[str, str] | None:
    """("dog", "'s") for "dog's"; None when the word ends in no clitic or nothing stands before it."""
    for clitic in _CLITICS:
        base = word.removesuffix(clitic)
        if base != word and base.strip("'"):
            return base, clitic
    return None


def split_elision(word: str) -> tuple[Phones, str] | None:
    """The phones of a leading "o'", "d'", "l'" or bare apostrophe, and the word after it."""
    for prefix, phones in _ELISIONS.items():
        rest = word.removeprefix(prefix)
        if rest != word and rest.strip("'"):
            return phones, rest
    return None


def attach_clitic(stem: Phones, clitic: str) -> Phones:
    """The stem with what `split_clitic` took off, said after it."""
    if not stem or clitic == "'":
        return stem
    if clitic == "'s":
        return with_s(stem)
    if clitic == "'d":
        return (*stem, "ax0", "d") if stem[-1] in ("t", "d") else (*stem, "d")
    if clitic == "'re":
        return (*stem, "er0")
    consonants = {"n't": ("n", "t"), "'ll": ("l",), "'ve": ("v",), "'m": ("m",)}[clitic]
    return (*stem, *consonants) if is_vowel(stem[-1]) else (*stem, "ax0", *consonants)


class Morphology:
    """Takes unknown words apart until every part is known.

    A name has a plural ("the Alcarazes"), and is no part of anything else: there are so many that every second word
    could be made of two by chance.
    """

    def __init__(self, lookup: Lookup, names: Lookup) -> None:
        self._lookup, self._names = lookup, names

    def pronounce(self, word: str) -> Phones | None:
        """The pronunciation of an unknown `word` of letters a to z, or None when no analysis holds."""
        return self._derive(word, _MAX_DEPTH) or self._plural_of_name(word)

    def _known(self, word: str, depth: int) -> Phones | None:
        if len(word) < _MIN_STEM_LETTERS:
            return None
        found = self._lookup(word)
        if found is not None and has_vowel(found):
            return found
        return self._derive(word, depth - 1) if depth > 1 else None

    def _derive(self, word: str, depth: int) -> Phones | None:
        return (
            self._spelling(word)
            or self._s_or_ed(word, depth)
            or self._other_suffix(word, depth)
            or self._prefix(word, depth)
            or self._compound(word)
        )

    def _spelling(self, word: str) -> Phones | None:
        candidates = (
            word.replace(british, american)
            for british, american in _AMERICAN
            if british in word and not (british in _DIPHTHONGS and word.endswith(british))
        )
        return next((phones for each in candidates if (phones := self._known(each, 1))), None)

    def _s_or_ed(self, word: str, depth: int) -> Phones | None:
        if word.endswith("s") and not word.endswith(("ss", "us", "is")):
            stem = self._first_known(_stems_before_s(word), depth)
            return with_s(stem) if stem else None
        if word.endswith("ed"):
            stem = self._first_known(_stems(word, "ed", takes_y=True, drops_e=True), depth)
            return with_ed(stem) if stem else None
        return None

    def _plural_of_name(self, word: str) -> Phones | None:
        if not word.endswith("s") or word.endswith("ss"):
            return None
        name = self._names(word[:-1])
        if name is None and word.endswith("es"):
            name = self._names(word[:-2])
            name = name if name and name[-1] in SIBILANTS else None
        return with_s(name) if name else None

    def _other_suffix(self, word: str, depth: int) -> Phones | None:
        for suffix in _SUFFIXES:
            if word.endswith(suffix.letters):
                phones = self._with_suffix(word, suffix, depth)
                if phones:
                    return phones
        return None

    def _with_suffix(self, word: str, suffix: _Suffix, depth: int) -> Phones | None:
        bare = word.removesuffix(suffix.letters)
        if len(bare) < suffix.min_stem or not bare.endswith(suffix.after):
            return None
        stems = _stems(word, suffix.letters, takes_y=suffix.takes_y, drops_e=suffix.drops_e)
        stem = self._first_known(stems, depth)
        return _join(stem, suffix, bare) if stem else None

    def _first_known(self, stems: Iterator[str], depth: int) -> Phones | None:
        """The first stem that is a word itself, or else the first that can be taken apart."""
        spelled = list(stems)
        for reach in (1, depth):
            for stem in spelled:
                if phones := self._known(stem, reach):
                    return phones
        return None

    def _prefix(self, word: str, depth: int) -> Phones | None:
        for prefix, phones in _PREFIXES.items():
            rest = word.removeprefix(prefix)
            # A short rest is more likely the tail of some other word ("rema-in").
            if rest != word and len(rest) + len(prefix) >= 7 and len(rest) >= 4:
                stem = self._known(rest, depth)
                if stem:
                    # One consonant is said for two: "mis-spell", "dis-similar".
                    return (phones[:-1] if phones[-1] == stem[0] else phones) + stem
        return None

    def _compound(self, word: str) -> Phones | None:
        """The most balanced split into two known words, rather not within a "sh" or "th"."""
        cuts = range(_MIN_STEM_LETTERS, len(word) - _MIN_STEM_LETTERS + 1)
        for cut in sorted(cuts, key=lambda at: (word[at - 1 : at + 1] in _DIGRAPHS, abs(2 * at - len(word)))):
            first, second = word[:cut], word[cut:]
            is_combining_form = first[-1] in "aiou" and first not in _VOWEL_FINAL_PARTS
            if is_combining_form or second in _NO_SECOND_PARTS:
                continue
            left, right = self._part(first), _REDUCED_PARTS.get(second) or self._part(second)
            if left and right:
                return left + right
        return None

    def _part(self, word: str) -> Phones | None:
        if len(word) == _MIN_STEM_LETTERS and word not in _SHORT_PARTS:
            return None
        phones = self._lookup(word)
        return phones if phones is not None and has_vowel(phones) else None


def _join(stem: Phones, suffix: _Suffix, bare: str) -> Phones:
    """The stem and a suffix, with what English does where they meet."""
    if suffix.letters == "ly":
        if bare.endswith("i") and stem[-1] == "iy0":
            stem = (*stem[:-1], "ax0")  # "happi-ly"
        if stem[-1] == "l":
            stem = stem[:-1]  # "real-ly" has one l
    return stem + suffix.phones


def _stems(word: str, suffix: str, *, takes_y: bool, drops_e: bool) -> Iterator[str]:
    """What may stand before `suffix`, the likelier spelling first."""
    bare = word.removesuffix(suffix)
    doubled = len(bare) > 2 and bare[-1] == bare[-2] and bare[-1] not in "aeiou"
    if takes_y and bare.endswith("i"):
        yield bare[:-1] + "y"
    if drops_e and doubled:
        yield bare[:-1]
    if drops_e:
        yield bare + "e"
    yield bare


def _stems_before_s(word: str) -> Iterator[str]:
    if word.endswith("ies"):
        yield word[:-3] + "y"
    yield word[:-1]
    if word.endswith("es"):
        yield word[:-2]
