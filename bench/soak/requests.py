"""What the soak asks: good requests of every kind, some left midway, some repeated, some that must be refused."""

from __future__ import annotations

import dataclasses
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.soak.babble import Babble
from speechmesh.client import SpeechOptions
from speechmesh.client.options import TIERS
from speechmesh.speech.v1 import speech_pb2 as pb

MAX_WORDS = 25
MAX_LEAVING_S = 0.1
_SHARE_REFUSED = 0.08
_SHARE_CANCELLED = 0.10
_SHARE_REPEATED = 0.08
_REMEMBERED = 50
_RATES_HZ = (0, 0, 0, 8_000, 16_000, 22_050, 24_000, 44_100, 48_000)
_TIER_NAMES = {number: name for name, number in TIERS.items()}
_TOO_LONG = "This is too long. " * 600

# Options that are refused, and the field that the error must name.
_BAD_OPTIONS: tuple[tuple[str, SpeechOptions], ...] = (
    ("prosody.rate", SpeechOptions(rate=3.0)),
    ("prosody.pitch_semitones", SpeechOptions(pitch_semitones=-40.0)),
    ("prosody.volume_db", SpeechOptions(volume_db=60.0)),
    ("voice.name", SpeechOptions(voice="nobody")),
    ("voice.language", SpeechOptions(language="tlh")),
    ("voice.speaker", SpeechOptions(speaker="nobody")),
    ("audio.sample_rate_hz", SpeechOptions(sample_rate_hz=500)),
    ("request_id", SpeechOptions(request_id="x" * 129)),
)
_BAD_TEXTS = ("", "  \n", "\u200b", _TOO_LONG)


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how it must end."""

    text: str
    options: SpeechOptions
    # Of a request that must be refused: the field that the error names.
    bad_field: str = ""
    # Of a request that its caller leaves: after how many responses with audio (0: before any, after some time).
    leave_after: int | None = None
    leave_after_s: float = 0.0


def requests(voices: Sequence[pb.Voice], seed: int) -> Iterator[Request]:
    """Requests without end; equal voices and seed, equal requests."""
    dice = random.Random(seed)
    babble = Babble(dice)
    spoken: deque[Request] = deque(maxlen=_REMEMBERED)
    while True:
        kind = dice.random()
        if kind < _SHARE_REFUSED:
            yield _refused(dice, babble)
        elif kind < _SHARE_REFUSED + _SHARE_CANCELLED:
            leave_after, leave_after_s = dice.randrange(4), dice.uniform(0.0, MAX_LEAVING_S)
            good = _good(dice, babble, voices)
            yield dataclasses.replace(good, leave_after=leave_after, leave_after_s=leave_after_s)
        elif spoken and kind < _SHARE_REFUSED + _SHARE_CANCELLED + _SHARE_REPEATED:
            yield dice.choice(spoken)
        else:
            spoken.append(_good(dice, babble, voices))
            yield spoken[-1]


def _good(dice: random.Random, babble: Babble, voices: Sequence[pb.Voice]) -> Request:
    voice = dice.choice(voices)
    n_words = dice.randint(1, MAX_WORDS)
    chinese = voice.languages[0].startswith("zh")
    able = voice.capabilities
    options = SpeechOptions(
        voice=voice.name,
        speaker=dice.choice(voice.speakers).name,
        rate=round(dice.uniform(0.7, 1.5), 2) if dice.random() < 0.5 else 0.0,
        pitch_semitones=_within(dice, able.pitch_range_semitones),
        energy_db=_within(dice, able.energy_range_db),
        volume_db=dice.choice((0.0, 0.0, -6.0, 3.0)),
        encoding=dice.choice(("pcm_s16le", "pcm_s16le", "pcm_f32le")),
        sample_rate_hz=dice.choice(_RATES_HZ),
        quality_tier=dice.choice(["auto", *(_TIER_NAMES[tier] for tier in voice.quality_tiers)]),
        word_timestamps=dice.random() < 0.3,
    )
    return Request(babble.mandarin(n_words) if chinese else babble.english(n_words), options)


def _within(dice: random.Random, most: float) -> float:
    """A shift within the voice's range; often none."""
    return round(dice.uniform(-most, most), 1) if dice.random() < 0.3 else 0.0


def _refused(dice: random.Random, babble: Babble) -> Request:
    if dice.random() < 0.3:
        return Request(dice.choice(_BAD_TEXTS), SpeechOptions(), bad_field="text")
    bad_field, options = dice.choice(_BAD_OPTIONS)
    return Request(babble.english(dice.randint(1, MAX_WORDS)), options, bad_field=bad_field)
