"""Numbered pinyin as tokens: an initial, and a final with its tone; the same table in training and in the frontend."""

from __future__ import annotations

import re

PAD, PAUSE = "<pad>", "pau"

INITIALS = ("b p m f d t n l g k h j q x zh ch sh r z c s").split()
# What a syllable is after its initial, as it is spoken: `yi` is i, `wu` u, `yu` v, `you` iou, `wei` uei, `wen` uen.
FINALS = (
    "a o e ai ei ao ou an en ang eng ong er i ia ie iao iou ian in iang ing iong "
    "u ua uo uai uei uan uen uang ueng v ve van vn io"
).split()
# The vowel of `zi` and of `zhi`, which are neither `i` nor each other.
APICAL = ("ii", "iii")
SYLLABIC = ("m", "n", "ng")  # exclamations such as `ng4`
TONES = "12345"

TOKENS: tuple[str, ...] = (
    PAD,
    PAUSE,
    *INITIALS,
    *(final + tone for final in (*FINALS, *APICAL, "ê", *SYLLABIC) for tone in TONES),
)
TONE_OF = {token: int(token[-1]) for token in TOKENS if token[-1] in TONES}

_SYLLABLE = re.compile(r"([a-zê]+)([1-5])")
_WRITTEN_OTHERWISE = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve"}
_ZERO_INITIAL = {
    **{
        "yi": "i",
        "ya": "ia",
        "ye": "ie",
        "yao": "iao",
        "you": "iou",
        "yan": "ian",
        "yin": "in",
        "yang": "iang",
    },
    **{"ying": "ing", "yong": "iong", "yo": "io", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn"},
    **{"wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "uei", "wan": "uan", "wen": "uen"},
    **{"wang": "uang", "weng": "ueng", "yai": "ia"},
}


def tokens_of(syllable: str) -> list[str]:
    """The tokens of a syllable such as `zhong1`: an initial, where it has one, and a final with the tone.

    Raises:
        ValueError: when it is no syllable of numbered pinyin.
    """
    match = _SYLLABLE.fullmatch(syllable.replace("ü", "v"))
    if match is None:
        raise ValueError(f"{syllable!r} is not numbered pinyin")
    letters, tone = match.groups()
    if letters in _ZERO_INITIAL:
        return [_ZERO_INITIAL[letters] + tone]
    if letters in FINALS or letters in SYLLABIC or letters == "ê":
        return [letters + tone]
    if letters == "r":
        return ["er" + tone]
    initial = next((i for i in sorted(INITIALS, key=len, reverse=True) if letters.startswith(i)), "")
    final = _spoken_final(initial, letters[len(initial) :])
    if not initial or final not in (*FINALS, *APICAL):
        raise ValueError(f"{syllable!r} is not numbered pinyin")
    return [initial, final + tone]


def _spoken_final(initial: str, final: str) -> str:
    """A final as it is spoken after `initial`."""
    if final == "i" and initial in ("z", "c", "s"):
        return "ii"
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return "iii"
    if initial in ("j", "q", "x") and final.startswith("u"):
        return "v" + final[1:]
    return _WRITTEN_OTHERWISE.get(final, final)
