"""The step from text to levelled teacher speech with exact phone times."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from training.voices.corpus import Sentence, load_corpus
from training.voices.loudness import block_powers, finish, gated_lufs
from training.voices.progress import Progress
from training.voices.settings import SpeakerSettings, VoiceSettings
from training.voices.shards import Clip, to_pcm, write_clips
from training.voices.teachers import open_teacher
from training.voices.utterance import Phone, Spoken, TeacherVoice
from training.voices.work import Work, read_json, write_json

# Of a speaker's sentences, for its loudness.
_LEVELLED_BY = 60


def make_speech(settings: VoiceSettings, work: Work) -> None:
    """Writes the missing shards of every speaker's speech.

    Raises:
        Incompatible: when a teacher is missing or has spoken next to nothing.
    """
    size = settings.speech.shard_utterances
    jobs = [
        (speaker, part, number)
        for speaker in settings.speakers
        for part in ("train", "held_out")
        for number in range(-(-len(_sentences(work, speaker.name, part)) // size))
    ]
    progress = Progress("speech", len(jobs))
    for speaker in settings.speakers:
        mine = [(part, number) for owner, part, number in jobs if owner is speaker]
        missing = [(part, n) for part, n in mine if not _folder(work, speaker.name, part, n).exists()]
        progress.skip(len(mine) - len(missing))
        if not missing:
            continue
        voice = open_teacher(speaker.teacher)
        gain = _gain(settings, work, speaker, voice)
        for part, number in missing:
            sentences = _sentences(work, speaker.name, part)[number * size : (number + 1) * size]
            clips = [_levelled(s, settings, speaker, gain) for s in voice.speak(sentences)]
            if len(clips) < len(sentences) / 2:
                raise Incompatible(f"{speaker.name} spoke {len(clips)} of {len(sentences)} sentences")
            write_clips(_folder(work, speaker.name, part, number), clips)
            progress.advance(speaker.name)


def _folder(work: Work, speaker: str, part: str, number: int) -> Path:
    return work / "speech" / speaker / f"{part}-{number:04d}"


def _sentences(work: Work, speaker: str, part: str) -> list[Sentence]:
    return [sentence for sentence in load_corpus(work, speaker) if sentence.part == part]


def _gain(settings: VoiceSettings, work: Work, speaker: SpeakerSettings, voice: TeacherVoice) -> float:
    """The factor that brings a speaker to the common loudness: one for all, so that emphasis stays."""
    path = work / "speech" / speaker.name / "gain.json"
    if not path.is_file():
        rate = settings.feature_space.sample_rate_hz
        spoken = voice.speak(_sentences(work, speaker.name, "train")[:_LEVELLED_BY])
        if not spoken:
            raise Incompatible(f"{speaker.name} spoke nothing")
        powers = [block_powers(resampled(s, speaker.teacher.resample, rate), rate) for s in spoken]
        lufs = gated_lufs(np.concatenate(powers))
        write_json(path, {"lufs": lufs, "gain": 10.0 ** ((settings.speech.loudness_lufs - lufs) / 20.0)})
    return float(read_json(path)["gain"])


def resampled(spoken: Spoken, factor: float, sample_rate_hz: int) -> FloatArray:
    """A teacher's samples at another rate, pitch and formants times `factor`, the pace too."""
    return np.asarray(
        soxr.resample(spoken.samples, spoken.sample_rate_hz * factor, sample_rate_hz), np.float32
    )


def _levelled(spoken: Spoken, settings: VoiceSettings, speaker: SpeakerSettings, gain: float) -> Clip:
    rate, speech = settings.feature_space.sample_rate_hz, settings.speech
    factor = speaker.teacher.resample
    samples = resampled(spoken, factor, rate)
    samples = finish(samples, rate, gain, speech.true_peak_dbfs, speech.fade_ms)
    return clip_of(spoken, samples, [phone.end_s / factor for phone in spoken.phones])


def clip_of(spoken: Spoken, samples: FloatArray, ends_s: Sequence[float]) -> Clip:
    """The clip of a sentence, with phones that end at `ends_s`."""
    phones: tuple[Phone, ...] = spoken.phones
    return Clip(
        id=spoken.sentence.id,
        text=spoken.sentence.text,
        pcm=to_pcm(samples),
        tokens=tuple(phone.token for phone in phones),
        ends_s=tuple(ends_s),
        word_ends=tuple(phone.ends_word for phone in phones),
    )
