"""How far a lower precision is from float32: spectra, envelopes, and whether the words are still the same."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from speechmesh.common.bundle import Tier
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.vocoder.export.mels import mel_bands

_RECOGNISER_HZ = 16_000
# Bins this far below the loudest count as equally silent: noise there is under any room's own.
_FLOOR_DB = 60.0
_WINDOW_S, _HOP_S = 0.032, 0.008
_CEPSTRUM_BANDS = 40
_CEPSTRUM_ORDER = 24
_DB = 10.0 / np.log(10.0)
# A recogniser's search flips a word or two for a change of the last bit; in a short text that is many per cent.
_CHANCE_WORDS = 2.0

Float64 = npt.NDArray[np.float64]


class Bounds(BaseModel):
    """The most by which a tier's audio may differ from float32's, mean over the frames of held-out speech."""

    model_config = ConfigDict(frozen=True)

    log_spectral_distance_db: float
    mel_cepstral_distortion_db: float
    word_disagreement: float


# 1 dB is the mean spectral distance below which coded speech passes for the original (Paliwal and Atal, 1993); the
# envelope's, which is smoother, gets half. A recogniser hears the same words but for one in twenty at a boundary.
BALANCED = Bounds(log_spectral_distance_db=1.0, mel_cepstral_distortion_db=0.5, word_disagreement=0.05)
# Heard by who compares, not by who listens: about half of what a good vocoder itself is off natural speech (envelope
# distortions of 2 to 3 dB are usual), so the vocoder's own faults still dominate.
FAST = Bounds(log_spectral_distance_db=2.5, mel_cepstral_distortion_db=1.25, word_disagreement=0.1)
BOUNDS: dict[Tier, Bounds] = {"high": BALANCED, "balanced": BALANCED, "fast": FAST}


class Figures(BaseModel):
    """The measured distances.

    `word_disagreement` is how many of the words that a recogniser hears in float32's audio it hears otherwise here;
    absent where it did not run. Where the text is known, the error rates of both against it stand beside.
    `words_count`: whether the bound on words holds; not for recordings, whose language nobody told.
    """

    model_config = ConfigDict(frozen=True)

    log_spectral_distance_db: float
    mel_cepstral_distortion_db: float
    signal_to_noise_db: float
    n_words: int = 0
    word_disagreement: float | None = None
    character_disagreement: float | None = None
    word_error_rate: float | None = None
    fp32_word_error_rate: float | None = None
    words_count: bool = False

    def excess(self, bounds: Bounds) -> float:
        """The largest figure as a part of its bound: over 1 is too much."""
        parts = [
            _part(self.log_spectral_distance_db, bounds.log_spectral_distance_db),
            _part(self.mel_cepstral_distortion_db, bounds.mel_cepstral_distortion_db),
        ]
        if self.word_disagreement is not None and self.words_count:
            allowed = max(bounds.word_disagreement, _CHANCE_WORDS / max(self.n_words, 1))
            parts.append(_part(self.word_disagreement, allowed))
        return max(parts)

    def against(self, bounds: Bounds) -> str:
        """The figures and their bounds in a line."""
        text = (
            f"log-spectral distance {self.log_spectral_distance_db:.2f} dB (bound "
            f"{bounds.log_spectral_distance_db:g}), mel-cepstral distortion "
            f"{self.mel_cepstral_distortion_db:.2f} dB (bound {bounds.mel_cepstral_distortion_db:g})"
        )
        if self.word_disagreement is not None and self.words_count:
            text += (
                f", words heard otherwise {self.word_disagreement:.1%} (bound {bounds.word_disagreement:.0%})"
            )
        return text


def _part(figure: float, bound: float) -> float:
    if not np.isfinite(figure):
        return np.inf
    return figure / bound if bound > 0 else (np.inf if figure > 0 else 0.0)


def compare(reference: list[FloatArray], other: list[FloatArray], sample_rate_hz: int) -> Figures:
    """The distances of `other` from `reference`, each a list of utterances [N] of equal lengths."""
    measure = _Spectra(sample_rate_hz)
    spectral, cepstral = [], []
    for a, b in zip(reference, other, strict=True):
        if not np.isfinite(b).all():
            return Figures(
                log_spectral_distance_db=np.inf, mel_cepstral_distortion_db=np.inf, signal_to_noise_db=-np.inf
            )
        power_a, power_b = measure.power(a), measure.power(b)
        floor = power_a.max() * 10.0 ** (-_FLOOR_DB / 10.0) + 1e-20
        spectral.append(_log_spectral(power_a, power_b, floor))
        cepstral.append(measure.mel_cepstral(power_a, power_b, floor))
    noise = sum(
        float(np.square(a - b, dtype=np.float64).sum()) for a, b in zip(reference, other, strict=True)
    )
    signal = sum(float(np.square(a, dtype=np.float64).sum()) for a in reference)
    return Figures(
        log_spectral_distance_db=float(np.concatenate(spectral).mean()),
        mel_cepstral_distortion_db=float(np.concatenate(cepstral).mean()),
        signal_to_noise_db=float(10.0 * np.log10(max(signal, 1e-20) / max(noise, 1e-20))),
    )


def _log_spectral(a: Float64, b: Float64, floor: float) -> Float64:
    """Root mean square over the bins of the difference in dB, for each frame [T]."""
    difference = _DB * (np.log(np.maximum(a, floor)) - np.log(np.maximum(b, floor)))
    return np.asarray(np.sqrt(np.square(difference).mean(axis=1)))


class _Spectra:
    """Short-time spectra at one sample rate, and cepstra of their mel bands."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._n_fft = 1 << round(np.log2(_WINDOW_S * sample_rate_hz))
        self._hop = max(round(_HOP_S * sample_rate_hz), 1)
        self._window = np.hanning(self._n_fft + 1)[:-1]
        space = FeatureSpace(
            kind="mel",
            sample_rate_hz=sample_rate_hz,
            hop_length=self._hop,
            n_fft=self._n_fft,
            n_mels=_CEPSTRUM_BANDS,
            mel_scale="slaney",
        )
        self._bands = mel_bands(space)
        self._bands /= np.maximum(self._bands.sum(axis=1, keepdims=True), 1e-12)
        # Cepstra without the first, which is loudness: c_k = mean over bands of the logarithm times this cosine.
        order, band = np.arange(1, _CEPSTRUM_ORDER + 1)[:, None], np.arange(_CEPSTRUM_BANDS)[None]
        self._cosines = np.cos(np.pi * order * (band + 0.5) / _CEPSTRUM_BANDS) / _CEPSTRUM_BANDS

    def power(self, samples: FloatArray) -> Float64:
        """Power spectra [T, F]."""
        padded = np.pad(samples.astype(np.float64), self._n_fft // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, self._n_fft)[:: self._hop]
        return np.asarray(np.square(np.abs(np.fft.rfft(frames * self._window, axis=1))))

    def mel_cepstral(self, a: Float64, b: Float64, floor: float) -> Float64:
        """Mel-cepstral distortion in dB for each frame [T], no warping as the lengths are equal.

        10 / ln 10 * sqrt(2 * sum of squared differences) (Kubichek, 1993) of 24 cepstra of logarithmic band powers:
        how far the envelopes are apart in dB, root mean square, loudness aside.
        """
        cepstra = [np.log(np.maximum(power @ self._bands.T, floor)) @ self._cosines.T for power in (a, b)]
        return np.asarray(_DB * np.sqrt(2.0 * np.square(cepstra[0] - cepstra[1]).sum(axis=1)))


@dataclass(frozen=True)
class Disagreement:
    """Word and character error rates, and how many words the reference has."""

    words: float
    characters: float
    n_words: int


def recogniser_missing() -> str:
    """Why no recogniser can run; empty when it can."""
    for module in ("pocketsphinx", "soxr"):
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
    return ""


def transcribe(utterances: list[FloatArray], sample_rate_hz: int) -> list[str]:
    """What pocketsphinx with its English model hears in each utterance [N]."""
    import soxr  # noqa: PLC0415 - optional, see recogniser_missing
    from pocketsphinx import Decoder  # noqa: PLC0415

    decoder = Decoder(samprate=float(_RECOGNISER_HZ), loglevel="FATAL")
    texts = []
    for samples in utterances:
        # Silence at the ends, which the recogniser's models expect.
        heard = np.pad(soxr.resample(samples, sample_rate_hz, _RECOGNISER_HZ), _RECOGNISER_HZ // 4)
        decoder.start_utt()
        decoder.process_raw((np.clip(heard, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        texts.append(hypothesis.hypstr.lower() if hypothesis else "")
    return texts


def disagreement(references: list[str], texts: list[str]) -> Disagreement:
    """How far `texts` are from `references`."""
    pairs = list(zip(references, texts, strict=True))
    words = sum(_edits(a.split(), b.split()) for a, b in pairs)
    characters = sum(_edits(list(a), list(b)) for a, b in pairs)
    n_words, n_characters = sum(len(a.split()) for a in references), sum(len(a) for a in references)
    return Disagreement(words / max(n_words, 1), characters / max(n_characters, 1), n_words)


def plain_words(text: str) -> str:
    """A text as a recogniser writes: lower case, without punctuation."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def _edits(a: list[str], b: list[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]
