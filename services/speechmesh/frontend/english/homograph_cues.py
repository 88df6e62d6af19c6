"""How homographs are told apart that have cues of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from speechmesh.frontend.english.homograph_votes import Around, cast_votes, is_plural, may_be_noun
from speechmesh.frontend.english.homograph_words import (
    ADJECTIVE_ENDINGS,
    ADJECTIVES,
    ADVERB_ENDS,
    ALONG,
    APART,
    AROUND,
    ARROWS,
    ARTICLES,
    AT_EASE,
    BES,
    BIDS,
    COMES_CLOSE,
    CONTENT_WITH,
    DEGREES,
    DETERMINERS,
    EXPOSED,
    EYES,
    FISH,
    GAINS,
    GO,
    HAVES,
    HEADS,
    IN_CLOSE,
    INJURED,
    INTO,
    LIVE_NOUNS,
    METALS,
    MINES,
    MODALS,
    MUSIC,
    NEAR_READING,
    NUMERALS,
    OBJECT_BEGINS,
    OBJECTS,
    OF_A_READ,
    OF_REFUSE,
    PLURAL_SUBJECTS,
    PLURALS,
    POLISH,
    PREPOSITIONS,
    PROCEEDS_ON,
    QUARREL,
    READ_BY_MACHINES,
    SHIPS,
    SINGULAR_SUBJECTS,
    SUBJECTS,
    TIMES,
    TINY,
    WHAT_PROCEEDS,
    WHEN_LIVE,
    WHO_BOWS,
    word_set,
)


def _read(around: Around) -> str:
    """`read` in the past: after have and be, after a singular subject, or in a sentence about the past."""
    before = around.before
    marked = before == "as" and around.before_that != "such" and around.after not in READ_BY_MACHINES
    if around.after in ("receipt", "receipts") or marked:
        return "past"  # marked as read
    if (
        before in HAVES
        or before in BES
        or (around.before_that in HAVES | BES and before not in ("to", "not"))
    ):
        return "past"
    if before in MODALS or before in ("to", "not") or around.before_that in MODALS:
        return "base"
    if before in SINGULAR_SUBJECTS:
        return "past"
    if before == "well" or _is_singular_noun(around):
        return "past"  # the present would be "reads"
    rest = around.words[around.at :]
    if any(word in ADVERB_ENDS for word in rest) and before:
        return "past"
    earlier = around.words[: around.at]
    if before in SUBJECTS and ("yesterday" in earlier[-6:] or _last_time(earlier[-6:])):
        return "past"
    return "past" if before and any(w in HAVES or w.endswith("ed") for w in earlier[-6:]) else "base"


def _last_time(words: Sequence[str]) -> bool:
    """Whether these words tell of a time that is over: "last week"."""
    return any(one == "last" and other in TIMES for one, other in pairwise(words))


def _is_singular_noun(around: Around) -> bool:
    """Whether a noun in the singular stands before, which no word like "let" or "did" has bid to act."""
    before, earlier = around.before, around.words[max(0, around.at - 7) : around.at - 2]
    named = around.before_that in ARTICLES | word_set("my your his her our their this that every")
    if not named or is_plural(before) or before in PLURALS or before.endswith(("ly", "ing", "ed")):
        return False
    if (
        before in ADJECTIVES | OF_A_READ
        or before.endswith(ADJECTIVE_ENDINGS)
        or around.after in READ_BY_MACHINES
    ):
        return False  # "a good read", "the disk read speed"
    return not any(word in BIDS or word in MODALS or word == "to" for word in earlier)


def _close(around: Around) -> str:
    if around.before in ARTICLES | word_set("its market's day's") and around.after in ("of", "on", "at", ""):
        return "verb"  # the noun sounds like it: "at the close of trading"
    if around.after in ("call", "calls") and around.before not in MODALS | SUBJECTS | {"to"}:
        return "adjective"
    votes = cast_votes(around)
    asked = around.before in PLURAL_SUBJECTS and around.before_that in BES and around.after in ("", "to")
    votes["adjective"] += 6.0 * asked  # "are you close?"
    votes["adjective"] += 3.0 * (around.after == "to") + 2.0 * (
        around.after in ("by", "friend", "friends", "enough")
    )
    votes["adjective"] += 2.0 * (around.before in COMES_CLOSE)
    up_close = around.before == "up" or around.after in IN_CLOSE
    votes["adjective"] += 4.0 * (up_close and around.before not in MODALS | {"to"})
    votes["verb"] += 1.0
    return max(("verb", "adjective"), key=votes.__getitem__)


def _live(around: Around) -> str:
    if around.after in LIVE_NOUNS or around.before in GO or (not around.before and around.after == "from"):
        return "adjective"
    return "adjective" if around.before in BES and around.after in WHEN_LIVE else "verb"


def _near(words: Sequence[str], at: int, cues: frozenset[str], reach: int) -> bool:
    return any(word in cues for word in words[max(at - reach, 0) : at + reach + 1])


def _minute(around: Around) -> str:
    tiny = (
        (around.before in BES and not around.after)
        or around.after in TINY
        or (around.before in DEGREES - {"more", "how", "less", "most"} and not around.after)
    )
    return "tiny" if tiny else "time"


def _used(around: Around) -> str:
    """What one used to do is a habit, what is used to make bread is a tool."""
    if around.after != "to":
        return "past"
    following = around.words[around.at + 2] if around.at + 2 < len(around.words) else ""
    passive = around.before in BES and not (following in DETERMINERS | OBJECTS or following.endswith("ing"))
    return "past" if passive else "habit"


def _tear(around: Around) -> str:
    """What is torn sounds like the verb: "a muscle tear", "a tear in my jacket", but not "a tear in his eye"."""
    if around.before in INJURED or (around.before == "and" and around.before_that == "wear"):
        return "verb"
    if around.after == "in" and around.before in ARTICLES | ADJECTIVES:
        following = around.words[around.at + 2 : around.at + 5]
        return "noun" if EYES.intersection(following) else "verb"
    votes = cast_votes(around)
    apart = around.after in APART and around.before not in DETERMINERS | ADJECTIVES
    return "verb" if votes["verb"] > votes["noun"] + 0.75 or apart else "noun"


def _bow(around: Around) -> str:
    """Who bows takes a bow; what is drawn or tied sounds otherwise."""
    bent = HEADS.intersection(around.words[around.at + 1 : around.at + 4]) and around.after in DETERMINERS
    taken = around.before in WHO_BOWS or (around.before in ARTICLES and around.before_that in WHO_BOWS)
    if around.after == "and" and ARROWS.intersection(around.words[around.at + 2 : around.at + 3]):
        return "noun"
    if bent or taken or around.after in ("to", "down", "before", "out") or cast_votes(around)["verb"] > 3.0:
        return "verb"
    return "verb" if _near(around.words, around.at, SHIPS, 4) else "noun"


def _wound(around: Around) -> str:
    if around.before in DETERMINERS:
        return "noun"
    turned = around.before in SUBJECTS or AROUND.intersection(around.words[around.at + 2 : around.at + 5])
    return "turned" if around.after in AROUND or (turned and around.after in OBJECT_BEGINS) else "noun"


def _next_word(around: Around) -> str:
    """The word behind, past a comma."""
    return next((word for word in around.words[around.at + 1 : around.at + 3] if word), "")


def _lead(around: Around) -> str:
    if around.after == "free" or around.after in MINES:
        return "metal"
    if around.before == "of" and (not around.after or around.after in BES or around.after in PREPOSITIONS):
        return "metal"  # "made of lead", "levels of lead in water"
    near = _near(around.words, around.at, METALS, 2)
    return "metal" if near and (around.before != "to" or around.before_that in EXPOSED) else "guide"


def _proceeds(around: Around) -> str:
    """What a sale brings in; who proceeds is named just before and goes on to something."""
    if around.before in SINGULAR_SUBJECTS | WHAT_PROCEEDS:
        return "verb"
    named = around.before and around.before not in DETERMINERS | ADJECTIVES | PREPOSITIONS | GAINS
    return "verb" if named and around.after in PROCEEDS_ON else "noun"


OWN_CUES: Final[dict[str, Callable[[Around], str]]] = {
    "read": _read,
    "close": _close,
    "live": _live,
    "minute": _minute,
    "used": _used,
    "lead": _lead,
    "tear": _tear,
    "bow": _bow,
    "proceeds": _proceeds,
    "lives": lambda a: "verb" if a.before in SINGULAR_SUBJECTS or a.after in ("in", "at", "with") else "noun",
    "wound": _wound,
    "winds": lambda a: (
        "verb"
        if a.before in SINGULAR_SUBJECTS
        or (
            a.after in ALONG
            and a.before
            and a.before_that in DETERMINERS
            and not a.before.endswith(ADJECTIVE_ENDINGS)
            and a.before not in ADJECTIVES
        )
        else "noun"
    ),
    "refuse": lambda a: (
        "noun" if a.after in OF_REFUSE or cast_votes(a)["noun"] > cast_votes(a)["verb"] + 0.75 else "verb"
    ),
    "content": lambda a: (
        "adjective"
        if (a.before == "and" and a.before_that in AT_EASE)
        or (
            a.before in BES | DEGREES | word_set("not seemed seem seems perfectly quite")
            and (not a.after or a.after in CONTENT_WITH)
        )
        else "noun"
    ),
    "deserts": lambda a: "deserved" if a.before == "just" else "sand",
    "polish": lambda a: (
        "nation"
        if a.before in BES | word_set("in into speak speaks speaking learn learning") or a.after in POLISH
        else "shine"
    ),
    "bass": lambda a: "fish" if a.after not in MUSIC and _near(a.words, a.at, FISH, 4) else "music",
    "dove": lambda a: (
        "dived"
        if (a.after in INTO and a.before not in DETERMINERS)
        or (a.after in NUMERALS and a.before and a.before not in ARTICLES)
        or (a.after and is_plural(a.before) and a.before not in DETERMINERS)
        else "bird"
    ),
    "row": lambda a: (
        "quarrel"
        if a.before in QUARREL or (a.after == "about" and a.before not in PLURAL_SUBJECTS)
        else "line"
    ),
    "sow": lambda a: "pig" if a.before in ARTICLES else "seed",
    "moped": lambda a: "past" if a.before in SUBJECTS or a.after in ("around", "about") else "vehicle",
    "blessed": lambda a: (
        "holy" if a.before in ARTICLES | word_set("this every our") and may_be_noun(a.after) else "past"
    ),
    "job": lambda a: "prophet" if a.before == "of" and a.before_that == "book" else "work",
    "nice": lambda a: (
        "city" if _next_word(a) == "france" or (a.before == "in" and not a.after) else "pleasant"
    ),
    "reading": lambda a: "city" if _next_word(a) in NEAR_READING else "read",
    "aged": lambda a: "old" if a.before in DETERMINERS and may_be_noun(a.after) else "years",
    "learned": lambda a: "wise" if a.before in ARTICLES and may_be_noun(a.after) else "past",
}
