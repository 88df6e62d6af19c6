"""The step that measures a voice against its teachers, on sentences that it never saw.

Four kinds of speech of each held-out sentence: the teacher's; copy-synthesis (the teacher's mels through a vocoder);
full synthesis (the teacher's tokens through the finished graphs, so that distances can be told); and the mesh's (text
into a running mesh, audio out of it). Each speaker's figures are written when they are there, so that a killed run goes
on with the next.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Ending
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import Tier, VoiceBundle, load_bundle
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.export.measure.quality import recogniser_missing
from speechmesh.vocoder.export.mels import LogMel
from speechmesh.vocoder.offline import vocode
from training.voices.features import load_features, load_statistics, token_table, tracker_of
from training.voices.listener import Heard, inputs, listen, load_listener
from training.voices.loudness import block_powers, gated_lufs, true_peak_dbfs
from training.voices.mesh import running_mesh, spoken_by
from training.voices.metrics import (
    PitchErrors,
    align,
    error_difference,
    error_rate,
    mel_cepstral_distortion,
    multi_resolution_stft,
    pitch_errors,
    word_errors,
)
from training.voices.progress import Progress
from training.voices.recogniser import transcribe_all
from training.voices.settings import SpeakerSettings, VoiceSettings
from training.voices.shards import Clip, Features, Int64, read_clips, shard_folders
from training.voices.tones import tone_figures
from training.voices.work import Work, write_json

# Time warping is slow; this many sentences of a speaker suffice for the distances of full synthesis.
_WARPED = 60


@dataclass
class Kind:
    """What was measured on one kind of speech."""

    spoken: list[tuple[str, FloatArray]] = field(default_factory=list)  # for the recogniser
    mcd_db: list[float] = field(default_factory=list)
    stft: list[float] = field(default_factory=list)
    pitch: list[PitchErrors] = field(default_factory=list)
    duration_ms: list[float] = field(default_factory=list)
    powers: list[np.ndarray[Any, Any]] = field(default_factory=list)
    peak_dbfs: float = -np.inf

    def figures(self, sample_rate_hz: int) -> dict[str, Any]:
        """Means, ready for JSON; what was not measured is absent."""
        if not self.powers:
            return {}
        figures: dict[str, Any] = {
            "lufs": gated_lufs(np.concatenate(self.powers)),
            "true_peak_dbfs": self.peak_dbfs,
        }
        if self.spoken:
            heard = transcribe_all([samples for _, samples in self.spoken], sample_rate_hz)
            words = [word_errors(text, h) for (text, _), h in zip(self.spoken, heard, strict=True)]
            figures["word_error_rate_percent"] = asdict(error_rate(words))
            figures["word_errors"] = words
        if self.mcd_db:
            figures["mcd_db"] = float(np.mean(self.mcd_db))
        if self.stft:
            figures["mr_stft"] = float(np.mean(self.stft))
        if self.pitch:
            figures["f0_rmse_hz"] = float(np.sqrt(np.concatenate([p.squared_hz for p in self.pitch]).mean()))
            frames = sum(p.n_frames for p in self.pitch)
            figures["voicing_error_percent"] = 100.0 * sum(p.n_voicing_errors for p in self.pitch) / frames
        if self.duration_ms:
            figures["duration_error_ms"] = float(np.mean(self.duration_ms))
        return figures


def evaluate(settings: VoiceSettings, work: Work) -> None:
    """Writes evaluation/SPEAKER.json for each speaker, and evaluation/speed.json."""
    bundle = load_bundle(work / "bundle")
    revision = bundle.revision
    left = {
        i: path
        for i, speaker in enumerate(settings.speakers)
        if not (path := work / "evaluation" / f"{speaker.name}.{revision}.json").is_file()
    }
    if left:
        with running_mesh(bundle.folder) as target:
            for speaker_id, path in left.items():
                write_json(path, _Evaluation(settings, work, bundle, speaker_id).run(target))
    write_json(work / "evaluation" / f"speed.{revision}.json", speeds(settings, work, bundle))


class _Evaluation:
    """One speaker's."""

    def __init__(self, settings: VoiceSettings, work: Work, bundle: VoiceBundle, speaker_id: int) -> None:
        self._settings, self._bundle, self._speaker_id = settings, bundle, speaker_id
        self._speaker: SpeakerSettings = settings.speakers[speaker_id]
        self._features = load_features(work, self._speaker.name, "held_out")
        folders = shard_folders(work / "speech" / self._speaker.name, "held_out")
        self._clips: list[Clip] = [clip for folder in folders for clip in read_clips(folder)]
        self._acoustic = ParallelAcoustic(bundle, 1)
        self._log_mel = LogMel(settings.feature_space)
        self._tracker = tracker_of(settings, self._speaker)
        self._tiers: list[Tier] = list(bundle.config.vocoders)
        mandarin = settings.language == "zh-CN"
        self._listener = load_listener(settings, work) if mandarin else None
        self._statistics = load_statistics(work)
        self._heard: dict[str, Heard] = defaultdict(Heard)
        self._hears = settings.language == "en-US" and not recogniser_missing()

    def run(self, target: str) -> dict[str, Any]:
        """The figures by kind of speech; `target` is a running mesh."""
        kinds = {"teacher": Kind()} | {
            f"{way} {tier}": Kind() for tier in self._tiers for way in ("copy", "full", "mesh")
        }
        progress = Progress(f"evaluation of {self._speaker.name}", len(self._features))
        contours: list[tuple[Features, AcousticResult, FloatArray]] = []
        for i in range(len(self._features)):
            item = self._features[i]
            real = self._clips[i].samples
            self._listen(kinds["teacher"], real, item.text)
            made = self._acoustic.infer([segment_of(item, self._speaker_id)])[0]
            self._hear_syllables("teacher", item.mel.astype(np.float32), item, item.durations, item.f0_hz)
            for tier in self._tiers:
                copied = vocode(self._bundle, tier, item.mel.astype(np.float32))
                self._compare_copy(kinds[f"copy {tier}"], copied, real, item)
                spoken = vocode(self._bundle, tier, made.frames)
                self._compare_full(kinds[f"full {tier}"], spoken, made, item, warp=i < _WARPED)
                track = self._tracker(spoken)
                self._hear_syllables(tier, self._log_mel(spoken), item, made.frames_per_token, track)
                if tier == self._tiers[0]:
                    contours.append((item, made, track))
            progress.advance()
        for tier in self._tiers:
            self._hear_mesh(kinds[f"mesh {tier}"], target, tier)
        rate = self._settings.feature_space.sample_rate_hz
        figures = {name: of for name, kind in kinds.items() if (of := kind.figures(rate))}
        taught = figures["teacher"].get("word_errors")
        for of in figures.values():
            if taught and "word_errors" in of:
                of["word_error_difference_points"] = asdict(error_difference(of["word_errors"], taught))
        result: dict[str, Any] = {"sentences": len(self._features), "kinds": figures}
        if self._settings.language == "zh-CN":
            result["tones"] = tone_figures(contours, token_table(self._settings))
            result["syllable_error_percent"] = {who: heard.percent() for who, heard in self._heard.items()}
        return result

    def _hear_mesh(self, kind: Kind, target: str, tier: Tier) -> None:
        """Texts into the mesh, where there is one to read them: Mandarin's held-out sentences are pinyin already."""
        if self._settings.language != "en-US":
            return
        texts = [clip.text for clip in self._clips]
        for text, samples in zip(texts, spoken_by(target, self._speaker.name, tier, texts), strict=True):
            self._listen(kind, samples, text)

    def _hear_syllables(
        self, who: str, mel: FloatArray, item: Features, durations: Int64, f0_hz: FloatArray
    ) -> None:
        if self._listener is None:
            return
        n = min(len(mel), len(f0_hz))
        x = inputs(mel[:n], f0_hz[:n], self._statistics, self._speaker_id)
        listen(self._listener, x, item.tokens, durations, token_table(self._settings), self._heard[who])

    def _listen(self, kind: Kind, samples: FloatArray, text: str | None) -> None:
        """Notes loudness and peak, and where there is a text keeps it for the recogniser."""
        rate = self._settings.feature_space.sample_rate_hz
        kind.powers.append(block_powers(samples, rate))
        kind.peak_dbfs = max(kind.peak_dbfs, true_peak_dbfs(samples))
        if self._hears and text is not None:
            kind.spoken.append((text, samples))

    def _compare_copy(self, kind: Kind, samples: FloatArray, real: FloatArray, item: Features) -> None:
        self._listen(kind, samples, item.text)
        n = min(len(samples), len(real))
        n_frames = min(n // self._settings.feature_space.hop_length, len(item.mel))
        reference = item.mel[:n_frames].astype(np.float32)
        kind.mcd_db.append(
            float(mel_cepstral_distortion(reference, self._log_mel(samples)[:n_frames]).mean())
        )
        kind.stft.append(multi_resolution_stft(real[:n], samples[:n]))
        kind.pitch.append(pitch_errors(item.f0_hz[:n_frames], self._tracker(samples)[:n_frames]))

    def _compare_full(
        self, kind: Kind, samples: FloatArray, made: AcousticResult, item: Features, *, warp: bool
    ) -> None:
        self._listen(kind, samples, None)  # the mesh's is what is heard
        frame_ms = self._settings.feature_space.frame_ms
        # The first and the last token are the silence around.
        error = np.abs(made.frames_per_token - item.durations)[1:-1]
        if len(error):
            kind.duration_ms.append(float(error.mean()) * frame_ms)
        if not warp:
            return
        reference, other = item.mel.astype(np.float32), self._log_mel(samples)
        left, right = align(reference, other)
        f0_hz = np.resize(self._tracker(samples), len(other))
        kind.mcd_db.append(float(mel_cepstral_distortion(reference[left], other[right]).mean()))
        kind.pitch.append(pitch_errors(item.f0_hz[left], f0_hz[right]))


def segment_of(item: Features, speaker_id: int) -> AcousticSegment:
    """An utterance's tokens, as the frontend would send them."""
    return AcousticSegment(
        tokens=np.array(item.tokens),
        word_ends=np.array(item.word_ends, np.bool_),
        ending=Ending.QUESTION if item.question else Ending.STATEMENT,
        speaker_id=speaker_id,
    )


def speeds(settings: VoiceSettings, work: Work, bundle: VoiceBundle) -> dict[str, float]:
    """Real-time factors with one thread: the acoustic model's and each vocoder's, the best of some runs."""
    features = load_features(work, settings.speakers[0].name, "held_out")
    item = features[int(np.argmax(features.n_frames))]
    acoustic = ParallelAcoustic(bundle, 1)
    segment = segment_of(item, 0)
    made = acoustic.infer([segment])[0]
    audio_s = len(made.frames) * settings.feature_space.frame_ms / 1000.0
    result = {"acoustic": _best_s(lambda: acoustic.infer([segment])) / audio_s}
    for tier in bundle.config.vocoders:
        result[tier] = vocoder_s(bundle, tier, made.frames) / audio_s
    return result


def vocoder_s(bundle: VoiceBundle, tier: Tier, frames: FloatArray) -> float:
    """Seconds for an utterance [T, M] at one go."""
    session = open_session(bundle.folder / bundle.config.vocoders[tier].model)
    return _best_s(lambda: run_chunk(session, Chunk(frames, last=True)))


def _best_s(run: Callable[[], object], n: int = 5) -> float:
    times = []
    for _ in range(n):
        started = time.perf_counter()
        run()
        times.append(time.perf_counter() - started)
    return min(times)
