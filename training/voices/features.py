"""The step from speech to features: mels, F0, durations, and pitch and energy of each token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict

from speechmesh.common.features import FloatArray
from speechmesh.frontend.mandarin import pinyin
from speechmesh.vocoder.export.mels import LogMel
from training.voices import english_phones
from training.voices.f0 import Tracker
from training.voices.progress import Progress
from training.voices.settings import SpeakerSettings, VoiceSettings
from training.voices.shards import (
    Clip,
    Features,
    FeatureShards,
    Int64,
    read_clips,
    shard_folders,
    write_features,
)
from training.voices.utterance import frames_of
from training.voices.work import Work, read_json, write_json

PITCH_POINTS = 3
_FALLBACK_HZ = 120.0


class Statistics(BaseModel):
    """Means and deviations by which features are normalised: mel by bin, pitch by speaker, energy over all."""

    model_config = ConfigDict(frozen=True)

    mel_mean: tuple[float, ...]
    mel_deviation: tuple[float, ...]
    energy_mean: float
    energy_deviation: float
    log_f0_mean: tuple[float, ...]
    log_f0_deviation: tuple[float, ...]
    n_frames: tuple[int, ...]


def token_table(settings: VoiceSettings) -> tuple[str, ...]:
    """The voice's tokens; index = id."""
    return english_phones.TOKENS if settings.language == "en-US" else pinyin.TOKENS


def tracker_of(settings: VoiceSettings, speaker: SpeakerSettings) -> Tracker:
    """The F0 tracker of a speaker's range."""
    space = settings.feature_space
    return Tracker(space.sample_rate_hz, space.hop_length, *speaker.f0_hz)


def token_pitch(f0_hz: FloatArray, durations: Int64) -> FloatArray:
    """Logarithm of F0 [P, 3] at the thirds of each token, from F0 [T]; straight lines bridge unvoiced frames."""
    times = np.arange(len(f0_hz))
    voiced = f0_hz > 0
    if not voiced.any():
        return np.full((len(durations), PITCH_POINTS), np.log(_FALLBACK_HZ), np.float32)
    contour = np.interp(times, times[voiced], np.log(f0_hz[voiced]))
    starts = np.cumsum(durations) - durations
    points = (np.arange(PITCH_POINTS) + 0.5) / PITCH_POINTS
    at = starts[:, None] + points * durations[:, None] - 0.5
    return np.interp(at.ravel(), times, contour).reshape(at.shape).astype(np.float32)


def token_energy(mel: FloatArray, durations: Int64) -> FloatArray:
    """Mean log-mel [P] of each token's frames, from frames [T, M]."""
    sums = np.concatenate([[0.0], np.cumsum(mel.mean(axis=1, dtype=np.float64))])
    ends = np.cumsum(durations)
    return np.asarray((sums[ends] - sums[ends - durations]) / durations, np.float32)


class Extractor:
    """Features of one speaker's clips."""

    def __init__(self, settings: VoiceSettings, speaker: SpeakerSettings) -> None:
        self._space = settings.feature_space
        self._log_mel = LogMel(self._space)
        self._tracker = tracker_of(settings, speaker)
        self._ids = {token: i for i, token in enumerate(token_table(settings))}

    def __call__(self, clip: Clip) -> Features:
        """The features of a clip; what is left of its last hop is padded with silence."""
        hop = self._space.hop_length
        samples = np.pad(clip.samples, (0, -len(clip.pcm) % hop))
        mel = self._log_mel(samples)[: len(samples) // hop]
        f0_hz = self._tracker(samples)
        durations = frames_of(clip.ends_s, self._space.sample_rate_hz / hop, len(mel))
        return Features(
            id=clip.id,
            text=clip.text,
            mel=mel.astype(np.float16),
            f0_hz=f0_hz,
            tokens=np.array([self._ids[token] for token in clip.tokens], np.int64),
            word_ends=np.array(clip.word_ends, np.int64),
            durations=durations,
            log_f0=token_pitch(f0_hz, durations),
            energy=token_energy(mel, durations),
            question=clip.text.rstrip(" \"')").endswith(("?", "？")),
        )


def make_features(settings: VoiceSettings, work: Work) -> None:
    """Writes the missing shards of features, then the statistics."""
    pairs = [
        (speaker, source)
        for speaker in settings.speakers
        for part in ("train", "held_out")
        for source in shard_folders(work / "speech" / speaker.name, part)
    ]
    progress = Progress("features", len(pairs))
    for speaker, source in pairs:
        target = work / "features" / speaker.name / source.name
        if target.exists():
            progress.skip(1)
            continue
        extract = Extractor(settings, speaker)
        write_features(target, [extract(clip) for clip in read_clips(source)])
        progress.advance(speaker.name)
    write_json(work / "statistics.json", _statistics(settings, work).model_dump())


def load_statistics(work: Work) -> Statistics:
    """The statistics that make_features wrote."""
    return Statistics.model_validate(read_json(work / "statistics.json"))


def load_features(work: Work, speaker: str, part: str) -> FeatureShards:
    """A speaker's features."""
    return FeatureShards(shard_folders(work / "features" / speaker, part))


def _statistics(settings: VoiceSettings, work: Work) -> Statistics:
    moments = np.zeros((2, settings.feature_space.n_mels))
    energies: list[FloatArray] = []
    pitch: list[tuple[float, float]] = []
    n_frames: list[int] = []
    for speaker in settings.speakers:
        folders = shard_folders(work / "features" / speaker.name, "train")
        for folder in folders:
            mel = np.load(folder / "mel.npy").astype(np.float64)
            moments += np.stack([mel.sum(axis=0), np.square(mel).sum(axis=0)])
            energies.append(np.load(folder / "energy.npy"))
        voiced = _voiced_log_f0(folders)
        pitch.append((float(voiced.mean()), max(float(voiced.std()), 0.02)))
        n_frames.append(sum(len(np.load(folder / "f0_hz.npy", mmap_mode="r")) for folder in folders))
    mean = moments[0] / sum(n_frames)
    deviation = np.sqrt(np.maximum(moments[1] / sum(n_frames) - np.square(mean), 1e-4))
    energy = np.concatenate(energies)
    return Statistics(
        mel_mean=tuple(mean),
        mel_deviation=tuple(deviation),
        energy_mean=float(energy.mean()),
        energy_deviation=float(energy.std()),
        log_f0_mean=tuple(mean_of for mean_of, _ in pitch),
        log_f0_deviation=tuple(deviation_of for _, deviation_of in pitch),
        n_frames=tuple(n_frames),
    )


def _voiced_log_f0(folders: list[Path]) -> FloatArray:
    f0_hz = np.concatenate([np.load(folder / "f0_hz.npy") for folder in folders])
    voiced = f0_hz[f0_hz > 0]
    return np.asarray(np.log(voiced if len(voiced) else [_FALLBACK_HZ]), np.float32)
