"""Who speaks a text: what a document's `<voice>` and `xml:lang` ask for, as far as the voices of the mesh can do it.

A casting is read from the outermost element to the innermost, from the request's voice on. `<voice>` is the voice
selection of SSML 1.1: of the voices with all that is required, the one that has most of what is asked for, in the order
given; the language that a cloud's name begins with is asked for where that voice is not here. An `xml:lang` that who
speaks does not speak calls a voice that does: one that spoke before, so that a document comes back to its own, else one
of the same gender where there is such.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from speechmesh.common.bundle import Speaker, VoiceConfig
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import (
    Casting,
    LanguageChange,
    OnLanguageFailure,
    OnVoiceFailure,
    VoiceChoice,
    VoiceFeature,
)

_SAME: Final = {"cmn": "zh"}  # Mandarin, by a tag of its own
_FITS, _NEARLY, _NOT = 0, 1, 2
_MOST_NAMES_CHARS = 300  # in a message
# The clouds' names begin with a locale: "zh-CN-XiaoxiaoNeural", "cmn-CN-Wavenet-A". Voices of many languages have one,
# too, which does not tell what their text is in.
_LOCALE_IN_NAME: Final = re.compile(
    r"([a-z]{2,3}(?:-[A-Z][a-z]{3})?-(?:[A-Z]{2}|\d{3}))-(?!.*(?:Multilingual|DragonHD))"
)

_Candidate = tuple[VoiceConfig, Speaker]


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be done as asked; see TextWarning."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Role:
    """Who speaks some text.

    Attributes:
        voice: the voice.
        speaker: of the voice.
        language: BCP-47, the text's where the voice reads it, else the voice's.
        is_silent: whether the text is passed over.
        problems: what of the casting could not be done as asked.
    """

    voice: VoiceConfig
    speaker: Speaker
    language: str
    is_silent: bool = False
    problems: tuple[Problem, ...] = ()

    def troubled(self, code: str, message: str) -> Role:
        """The same, with a problem more."""
        return replace(self, problems=(*self.problems, Problem(code, message)))

    def played_by(self, voice: VoiceConfig, speaker: Speaker, language: str) -> Role:
        """The same, by another, in a language of the text if the voice reads it."""
        own = language if reads(voice, language) else voice.languages[0]
        return replace(self, voice=voice, speaker=speaker, language=own)

    @property
    def shown(self) -> str:
        """Who it is, for a message."""
        return f"{shown(self.speaker.name)} of voice {self.voice.name}"


def reads(voice: VoiceConfig, language: str) -> bool:
    """Whether a voice reads text of a language (BCP-47), be it another region's: "en-GB" is read by an American."""
    return _fit(voice, language) is not _NOT


def primary(language: str) -> str:
    """The primary subtag of a language, `zh` for all that is Mandarin."""
    subtag = language.partition("-")[0].lower()
    return _SAME.get(subtag, subtag)


def _fit(voice: VoiceConfig, language: str) -> int:
    """How well a voice speaks a language: just that, or that of another region, or not."""
    wanted = language.lower()
    owns = [own.lower() for own in voice.languages]
    if any(own == wanted or own.startswith(f"{wanted}-") for own in owns):
        return _FITS
    return _NEARLY if primary(wanted) in map(primary, owns) else _NOT


def _is_of(speaker: Speaker, gender: str) -> bool:
    """Whether a speaker's description begins with a gender, as ours do: "female, American"."""
    return speaker.description.lower().startswith(gender)


class Ensemble:
    """The voices that may speak a request's text; finds the role for each casting."""

    def __init__(
        self,
        own: VoiceConfig,
        others: Sequence[VoiceConfig] = (),
        *,
        speaker: str = "",
        language: str = "",
        keeps_voice: bool = False,
    ) -> None:
        """The request's own voice and the others of the mesh.

        Args:
            own: the request's voice.
            others: the others, those to prefer first.
            speaker: of the request's voice; empty: its first.
            language: of the request's voice; empty: its first.
            keeps_voice: whether the request names its voice, which a document's own language then does not change.
        """
        first = next((each for each in own.speakers if each.name == speaker), own.speakers[0])
        self.own = Role(own, first, language or own.languages[0])
        self._voices = (own, *others)
        self._candidates = [(voice, each) for voice in self._voices for each in voice.speakers]
        self._by_name: dict[str, list[_Candidate]] = {}
        for candidate in self._candidates:
            for name in _names(candidate):
                self._by_name.setdefault(name, []).append(candidate)
        self._keeps_voice = keeps_voice
        self._roles: dict[Casting, Role] = {(): self.own}

    def role(self, casting: Casting) -> Role:
        """Who speaks the text of a casting."""
        if (known := self._roles.get(casting)) is not None:
            return known
        around = [self.role(casting[:n]) for n in range(len(casting))]
        step, now = casting[-1], replace(around[-1], is_silent=False)
        if isinstance(step, LanguageChange):
            role = self._after_change(step, now, around)
        else:
            role = self._after_choice(step, now)
        self._roles[casting] = role
        return role

    def language(self, casting: Casting) -> str:
        """The language in which the text of a casting is spoken."""
        return self.role(casting).language

    def _after_change(self, change: LanguageChange, now: Role, around: Sequence[Role]) -> Role:
        language = change.language
        if not language:
            return now
        if reads(now.voice, language):
            return replace(now, language=language)
        if change.on_failure is OnLanguageFailure.IGNORE_LANGUAGE:
            return now
        told = f"voice {now.voice.name} does not speak {shown(language)!r}"
        if change.on_failure is OnLanguageFailure.IGNORE_TEXT:
            return replace(now.troubled("TEXT_LEFT_OUT", f"{told}: the text is left out"), is_silent=True)
        if change.is_of_document and self._keeps_voice:
            return now.troubled("LANGUAGE_NOT_SPOKEN", f"{told}, but the request names it: it reads the text")
        for before in reversed(around):
            if reads(before.voice, language):
                return now.played_by(before.voice, before.speaker, language)
        voice = min(self._voices, key=lambda each: _fit(each, language))
        if not reads(voice, language):
            return now.troubled("LANGUAGE_NOT_SPOKEN", f"{told}, nor does another: it reads the text")
        gender = next((each for each in ("male", "female", "neutral") if _is_of(now.speaker, each)), "")
        speaker = next((each for each in voice.speakers if _is_of(each, gender)), voice.speakers[0])
        return now.played_by(voice, speaker, language)

    def _after_choice(self, choice: VoiceChoice, now: Role) -> Role:
        if not (choice.names or choice.languages or choice.gender):
            return now
        asked = _asked(choice)
        if not (choice.languages or any(name in self._by_name for name in choice.names)):
            choice = replace(choice, languages=_languages_in_names(choice.names))
        pool = self._candidates
        if choice.names and not (choice.languages or choice.gender):
            pool = [each for name in choice.names for each in self._by_name.get(name, ())]
        able = [each for each in pool if not any(_lacks(each, one, choice, now) for one in choice.required)]
        if not able and choice.on_failure is OnVoiceFailure.PRIORITY_SELECT:
            able = pool
        if not able:
            return now.troubled("VOICE_UNKNOWN", f"{asked}: {self._known()}; {now.shown} goes on")
        voice, speaker = min(able, key=lambda each: self._order(each, choice, now))
        languages = (language for language in (now.language, *choice.languages) if reads(voice, language))
        role = now.played_by(voice, speaker, next(languages, ""))
        if any(_lacks((voice, speaker), one, choice, now) for one in VoiceFeature):
            return role.troubled("VOICE_UNKNOWN", f"{asked}: {self._known()}; {role.shown} speaks")
        return role

    def _order(self, candidate: _Candidate, choice: VoiceChoice, now: Role) -> tuple[int, ...]:
        """Least for the one that is meant: by what is asked for, then by the text's language, then as it was."""
        voice, speaker = candidate
        is_whole_voice = voice.name in choice.names  # of which no speaker is meant: its first is taken
        return (
            *(_misses(candidate, feature, choice, now) for feature in choice.ordering),
            _fit(voice, now.language),
            0 if voice is now.voice else 1 + self._voices.index(voice),
            0 if speaker is now.speaker and not is_whole_voice else 1 + voice.speakers.index(speaker),
        )

    def _known(self) -> str:
        """The names that there are, as many as a message holds."""
        told: list[str] = []
        for voice in self._voices:
            told.append(f"{voice.name} ({', '.join(speaker.name for speaker in voice.speakers)})")
            if sum(map(len, told)) > _MOST_NAMES_CHARS:
                told[-1] = "..."
                break
        return f"there is {', '.join(told)}"


def _names(candidate: _Candidate) -> tuple[str, ...]:
    """What a speaker is called by: its name, its voice's, or both."""
    voice, speaker = candidate
    return speaker.name, voice.name, f"{voice.name}/{speaker.name}"


def _misses(candidate: _Candidate, feature: VoiceFeature, choice: VoiceChoice, now: Role) -> int:
    """How far a speaker is from what is asked for in one feature; 0: it is that, or nothing is asked."""
    voice, speaker = candidate
    if feature is VoiceFeature.NAME:
        names = _names(candidate)
        return next((i for i, name in enumerate(choice.names) if name in names), len(choice.names))
    if feature is VoiceFeature.GENDER:
        return int(bool(choice.gender) and not _is_of(speaker, choice.gender))
    if feature is not VoiceFeature.LANGUAGES:
        return 0
    if choice.languages:
        return max(_fit(voice, language) for language in choice.languages)
    # Who is not called by name is to speak the text that there is.
    return 0 if _is_named(candidate, choice) else _fit(voice, now.language)


def _lacks(candidate: _Candidate, feature: VoiceFeature, choice: VoiceChoice, now: Role) -> bool:
    """Whether a speaker has not what is asked for in one feature; another region's language will do."""
    if feature is VoiceFeature.NAME:
        return bool(choice.names) and not _is_named(candidate, choice)
    return _misses(candidate, feature, choice, now) > (_NEARLY if feature is VoiceFeature.LANGUAGES else 0)


def _is_named(candidate: _Candidate, choice: VoiceChoice) -> bool:
    return any(name in choice.names for name in _names(candidate))


def _languages_in_names(names: Sequence[str]) -> tuple[str, ...]:
    """The language that the first of some names tells that tells any, for a voice that is not here."""
    told = (match[1] for name in names if (match := _LOCALE_IN_NAME.match(name)))
    return tuple(islice(told, 1))


def _asked(choice: VoiceChoice) -> str:
    """What is asked for, for a message."""
    return shown(" ".join([*choice.names, *choice.languages, choice.gender]).strip())
