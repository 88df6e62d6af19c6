"""Which of its pronunciations a word has: what the words around it tell.

No tagger: each neighbour that is a function word votes for what can follow or precede it, which settles nearly all of
the words that occur ("to record", "a record"). Where nothing tells, the commoner reading stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from speechmesh.frontend.english.morphology import attach_clitic
from speechmesh.frontend.english.phones import PHONE_SET, Phones, parse
from speechmesh.frontend.english.pronunciations import read_data

HOMOGRAPHS_FILE: Final = "homographs.tsv"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ARTICLES: Final = _set("a an the")
_DETERMINERS: Final = _ARTICLES | _set(
    """this that these those my your his her its our their no every each some any another either neither
    which what whose several many few both all most more much one's"""
)
_PREPOSITIONS: Final = _set(
    """of in on at by for from with without into onto about between under over during through against among per
    across behind within beyond despite than as via"""
)
_MODALS: Final = _set(
    """will would can could shall should may might must do does did don't doesn't didn't won't wouldn't can't cannot
    couldn't shouldn't mustn't i'll you'll he'll she'll it'll we'll they'll let's please never always often usually
    sometimes rarely help helps helped"""
)
_PLURAL_SUBJECTS: Final = _set("i you we they who people")
_SINGULAR_SUBJECTS: Final = _set("he she it who which everyone everybody someone somebody nobody one")
_HAVES: Final = _set(
    "have has had having i've you've we've they've he's she's haven't hasn't hadn't i'd you'd he'd she'd we'd they'd"
)
_BES: Final = _set(
    """is are was were be been being am isn't aren't wasn't weren't it's that's he's she's i'm you're we're they're
    seem seems seemed became become feel feels felt look looks looked remain remains stay stayed"""
)
_DEGREES: Final = _set("very so too quite more most less as rather fairly extremely really pretty how")
_OBJECTS: Final = _set("me him them us it you myself yourself himself herself itself ourselves themselves")
_OBJECT_BEGINS: Final = _ARTICLES | _OBJECTS | _set("my your his her our their its this")
_ADVERB_ENDS: Final = _set("yesterday ago last earlier before already once")
# "to" before these belongs to what stands before it, so that a noun follows.
_TO_NOUN: Final = _set(
    """according due access addition subject contrast opposition response relation regard regards respect close closer
    next similar equal prior back came come went go goes going return returned"""
)
_ADJECTIVE_ENDINGS: Final = ("al", "ous", "ive", "ic", "ful", "less", "able", "ible", "ary", "est")
_ADJECTIVES: Final = _set(
    """new old good bad great big small large little long short high low own other same first second third last next
    final only main public private recent world national local global single double full personal human free open
    whole huge early late top best better worst real true common major minor annual legal criminal medical"""
)
_FUNCTION_WORDS: Final = _DETERMINERS.union(
    _PREPOSITIONS, _MODALS, _HAVES, _BES, _OBJECTS, _PLURAL_SUBJECTS, _set("and or but to")
)


def _is_plural(word: str) -> bool:
    return word.endswith("s") and not word.endswith(("ss", "us", "is"))


class _Around(NamedTuple):
    """The words around one; empty where there is a pause or nothing."""

    before: str
    before_that: str
    after: str
    words: Sequence[str]
    at: int


def _votes(around: _Around) -> dict[str, float]:
    """For noun, verb and adjective, how much the neighbours speak for each."""
    before, before_that, after = around.before, around.before_that, around.after
    votes = {"noun": 0.0, "verb": 0.0, "adjective": 0.0}
    if before in _DETERMINERS or before.endswith(("'s", "s'")):
        votes["noun"] += 3.0
        votes["adjective"] += 2.0 + 2.0 * _may_be_noun(after)
    elif before in _ADJECTIVES or (len(before) > 4 and before.endswith(_ADJECTIVE_ENDINGS)):
        votes["noun"] += 3.0
    elif before == "to":
        votes["noun" if before_that in _TO_NOUN else "verb"] += 4.0
    elif before in _MODALS or before.endswith("n't") or (before == "not" and before_that in _MODALS | {"to"}):
        votes["verb"] += 4.0
    elif before in _PLURAL_SUBJECTS:
        votes["verb"] += 3.5
    elif before in _DEGREES:
        votes["adjective"] += 4.0
    elif before in _BES:
        votes["adjective"] += 3.0
        votes["noun"] += 1.0
    elif before in _PREPOSITIONS:
        votes["noun"] += 2.5
        votes["adjective"] += 2.0 * _may_be_noun(after)
    elif not before or before in ("and", "or", "but", "then", "just"):
        votes["verb"] += 0.5
    elif before_that in _DETERMINERS:  # "a building permit", but "the farms produce"
        votes["verb" if _is_plural(before) else "noun"] += 1.5
    if after in _OBJECT_BEGINS:
        votes["verb"] += 2.5
    elif after in ("of", "is", "was", "are", "were", "has", "had", "will", "would", "can"):
        votes["noun"] += 2.5
    elif not after:
        votes["noun"] += 0.5
    elif after in ("to", "with", "enough"):
        votes["adjective"] += 0.5
    return votes


def _may_be_noun(word: str) -> bool:
    """Whether a noun phrase may go on with this word: it is there and no function word."""
    return bool(word) and word not in _FUNCTION_WORDS


_LIVE_NOUNS: Final = _set(
    """music show shows concert concerts broadcast broadcasts stream streams streaming audience audiences performance
    performances coverage event events television tv radio recording recordings album band ammunition bait animals wire
    wires chat feed video footage demo debate report reports updates update data traffic match game games session"""
)
_GO: Final = _set("go goes went going gone went streamed broadcast aired recorded performed play played")
_METALS: Final = _set(
    """paint pipe pipes poisoning metal zinc tin copper iron mercury cadmium toxic shot bullet bullets pencil pencils
    weight weights acid ore solder battery batteries glass crystal exposure molten contaminated"""
)
_FISH: Final = _set(
    "fish fishing fisherman lake river sea caught catch striped largemouth smallmouth trout salmon pike"
)
_TINY: Final = _set(
    """amount amounts quantity quantities detail details particle particles trace traces difference differences
    fraction organism organisms changes crystals inspection examination"""
)
_QUARREL: Final = _set("blazing furious bitter heated public diplomatic political terrible")
_INTO: Final = _set("into in off under down from for headfirst")
_AROUND: Final = _set("up down around through its their his her round tightly")


def _read(around: _Around) -> str:
    """`read` in the past: after have and be, after a singular subject, or in a sentence about the past."""
    before = around.before
    if (
        before in _HAVES
        or before in _BES
        or (around.before_that in _HAVES | _BES and before not in ("to", "not"))
    ):
        return "past"
    if before in _MODALS or before in ("to", "not") or around.before_that in _MODALS:
        return "base"
    if before in _SINGULAR_SUBJECTS:
        return "past"
    rest = around.words[around.at :]
    if any(word in _ADVERB_ENDS for word in rest) and before:
        return "past"
    earlier = around.words[: around.at]
    return "past" if before and any(w in _HAVES or w.endswith("ed") for w in earlier[-6:]) else "base"


def _close(around: _Around) -> str:
    votes = _votes(around)
    votes["adjective"] += 3.0 * (around.after == "to") + 2.0 * (
        around.after in ("by", "friend", "friends", "enough")
    )
    votes["adjective"] += 2.0 * (
        around.before in ("come", "came", "get", "got", "keep", "kept", "draw", "stand")
    )
    votes["verb"] += 1.0
    return max(("verb", "adjective"), key=votes.__getitem__)


def _live(around: _Around) -> str:
    if around.after in _LIVE_NOUNS or around.before in _GO:
        return "adjective"
    return "adjective" if around.before in _BES and around.after in ("", "on", "now", "from") else "verb"


def _near(words: Sequence[str], at: int, cues: frozenset[str], reach: int) -> bool:
    return any(word in cues for word in words[max(at - reach, 0) : at + reach + 1])


def _minute(around: _Around) -> str:
    tiny = around.after in _TINY or (
        around.before in _DEGREES - {"more", "how", "less", "most"} and not around.after
    )
    return "tiny" if tiny else "time"


def _used(around: _Around) -> str:
    """What one used to do is a habit, what is used to make bread is a tool."""
    if around.after != "to":
        return "past"
    following = around.words[around.at + 2] if around.at + 2 < len(around.words) else ""
    passive = around.before in _BES and not (
        following in _DETERMINERS | _OBJECTS or following.endswith("ing")
    )
    return "past" if passive else "habit"


_OWN_CUES: Final[dict[str, Callable[[_Around], str]]] = {
    "read": _read,
    "close": _close,
    "live": _live,
    "minute": _minute,
    "used": _used,
    "lead": lambda a: "metal" if _near(a.words, a.at, _METALS, 2) and a.before != "to" else "guide",
    "lives": lambda a: (
        "verb" if a.before in _SINGULAR_SUBJECTS or a.after in ("in", "at", "with") else "noun"
    ),
    "wound": lambda a: "turned" if a.after in _AROUND and a.before not in _DETERMINERS else "noun",
    "bass": lambda a: "fish" if _near(a.words, a.at, _FISH, 4) else "music",
    "dove": lambda a: "dived" if a.after in _INTO and a.before not in _DETERMINERS else "bird",
    "row": lambda a: "quarrel" if a.before in _QUARREL else "line",
    "sow": lambda a: "pig" if a.before in _ARTICLES else "seed",
    "aged": lambda a: "old" if a.before in _DETERMINERS and _may_be_noun(a.after) else "years",
    "learned": lambda a: "wise" if a.before in _ARTICLES and _may_be_noun(a.after) else "past",
    "bow": lambda a: (
        "verb" if a.after in ("to", "down", "before", "out") or _votes(a)["verb"] > 3.0 else "noun"
    ),
}


class Homographs:
    """The homographs of the data file.

    Raises:
        FileNotFoundError: The installation lacks the file.
        ValueError: A line names an unknown phone.
    """

    def __init__(self) -> None:
        self._readings: dict[str, dict[str, Phones]] = {}
        for line in read_data(HOMOGRAPHS_FILE).decode("ascii").splitlines():
            if not line or line.startswith("#"):
                continue
            word, sense, phones = line.split("\t")
            self._readings.setdefault(word, {})[sense] = parse(phones)
            if unknown := set(parse(phones)) - PHONE_SET:
                raise ValueError(f"{HOMOGRAPHS_FILE}: {word!r} has unknown phones {sorted(unknown)}")

    def phones(self, words: Sequence[str], at: int) -> Phones | None:
        """How `words[at]` is pronounced among these words, "" where there is a pause; None for other words."""
        word = words[at]
        readings = self._readings.get(word)
        if readings is not None:
            return readings[self._sense(word, readings, _around(words, at))]
        base = self._readings.get(word[:-1]) if word.endswith("s") else None
        if base is None or not {"noun", "verb"} <= base.keys():
            return None
        return attach_clitic(base[_sense_with_s(_around(words, at))], "'s")

    def _sense(self, word: str, readings: dict[str, Phones], around: _Around) -> str:
        if own := _OWN_CUES.get(word):
            return own(around)
        votes = _votes(around)
        first = next(iter(readings))
        # The commoner reading wins a draw.
        return max(readings, key=lambda sense: votes.get(sense, 0.0) + 0.75 * (sense == first))


def _around(words: Sequence[str], at: int) -> _Around:
    before = words[at - 1] if at else ""
    return _Around(
        before,
        words[at - 2] if at > 1 and before else "",
        words[at + 1] if at + 1 < len(words) else "",
        words,
        at,
    )


def _sense_with_s(around: _Around) -> str:
    """A third person or a plural."""
    before, after = around.before, around.after
    if before in _SINGULAR_SUBJECTS:
        return "verb"
    nominal = before in _DETERMINERS | _PREPOSITIONS | _ADJECTIVES or not before
    return "verb" if after in _OBJECT_BEGINS and not nominal else "noun"
