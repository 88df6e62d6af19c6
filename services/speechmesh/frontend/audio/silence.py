"""Silence at the start and at the end of a stream, kept to what was asked for."""

from __future__ import annotations

import numpy as np

from speechmesh.common.features import FloatArray

# Louder is speech. The pauses of the voices that ship peak at -56 dB below full scale and less, the softest
# consonants above -50.
SILENCE_DBFS = -50.0
# So much silence is held back at most until it is known whether the stream ends with it; more is let go.
MAX_HELD_S = 10.0

_THRESHOLD = 10.0 ** (SILENCE_DBFS / 20.0)
_NONE = np.zeros(0, np.float32)


class SilenceTrimmer:
    """Leaves out what the silence at a stream's ends has too much of. None as a bound: all is kept.

    Silence is held back until it is known whether anything follows; what is audible passes at once.

    Attributes:
        decided: whether it is known how much of the leading silence is left out.
        position: where in the stream the next sample in will be heard, in samples; before that is `decided`, as if none
            were left out.
        n_left_out: so many samples of the leading silence, once that is `decided`.
    """

    def __init__(self, sample_rate_hz: int, max_leading_ms: int | None, max_trailing_ms: int | None) -> None:
        self._leading = None if max_leading_ms is None else round(max_leading_ms * sample_rate_hz / 1000.0)
        self._trailing = None if max_trailing_ms is None else round(max_trailing_ms * sample_rate_hz / 1000.0)
        self._max_held = round(MAX_HELD_S * sample_rate_hz)
        self._held = _NONE
        self._n_silent = 0  # at the end of what went out
        self.decided = self._leading is None
        self.position = self.n_left_out = 0

    def trim(self, samples: FloatArray, *, may_end: bool) -> FloatArray:
        """Samples [N] in, those that are kept for certain out [N'], with what was held back before them.

        Args:
            samples: the next ones.
            may_end: whether the stream may end with them; if not, their silence need not be held back.
        """
        self.position += len(samples)
        if self._leading is None and self._trailing is None:
            return samples
        audible = np.flatnonzero(np.abs(samples) > _THRESHOLD)
        if not self.decided:
            samples = self._begin(samples, audible)
            if not self.decided:
                return _NONE
            audible = np.flatnonzero(np.abs(samples) > _THRESHOLD)
        if self._trailing is None:
            return samples
        return self._hold(samples, audible, may_end=may_end)

    def finish(self, samples: FloatArray) -> FloatArray:
        """As `trim`, with the last samples; of a stream of nothing but silence what both bounds allow is kept."""
        kept = self.trim(samples, may_end=True)
        if self.decided:
            return kept
        silence, self._held = self._held, _NONE
        self._decide(len(silence))
        return silence[: self._trailing]

    def _begin(self, samples: FloatArray, audible: np.ndarray) -> FloatArray:
        """Leading silence: its last part is kept, until something is audible."""
        assert self._leading is not None
        n_silent = int(audible[0]) if len(audible) else len(samples)
        silence = np.concatenate([self._held, samples[:n_silent]])
        silence = silence[max(len(silence) - self._leading, 0) :]
        if not len(audible):
            self._held = silence
            return _NONE
        self._held = _NONE
        kept = np.concatenate([silence, samples[n_silent:]])
        self._decide(len(kept))
        return kept

    def _decide(self, n_kept: int) -> None:
        """Of all that came in so much is kept."""
        self.decided = True
        self.n_left_out, self.position = self.position - n_kept, n_kept

    def _hold(self, samples: FloatArray, audible: np.ndarray, *, may_end: bool) -> FloatArray:
        """Trailing silence: what exceeds the bound waits."""
        assert self._trailing is not None
        n_speech = int(audible[-1]) + 1 if len(audible) else 0
        if n_speech:
            self._n_silent = 0
        known = np.concatenate([self._held, samples[:n_speech]]) if n_speech else _NONE
        silence = samples[n_speech:] if n_speech else np.concatenate([self._held, samples])
        n_now = min(max(self._trailing - self._n_silent, 0), len(silence))
        n_now = max(n_now, len(silence) - self._max_held) if may_end else len(silence)
        self._held = silence[n_now:]
        self._n_silent += n_now
        return np.concatenate([known, silence[:n_now]])
