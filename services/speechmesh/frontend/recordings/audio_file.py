"""Audio files: what one says of itself, and what it holds. All that is read of one is read here, by libsndfile."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import soundfile

from speechmesh.frontend.recordings.mp3_frames import mp3_frames
from speechmesh.frontend.recordings.recording import SAMPLE_BYTES, Recording, RecordingError
from speechmesh.frontend.recordings.streamed_flac import total_samples, with_length
from speechmesh.frontend.recordings.with_head import WithHead

# As libsndfile calls them: what it reads besides is old, rare, and more code that a hostile file could reach.
_FORMATS = frozenset({"WAV", "WAVEX", "RF64", "FLAC", "OGG", "MP3"})
_MIN_RATE_HZ, _MAX_RATE_HZ = 4_000, 192_000
_MAX_CHANNELS = 8
_UNKNOWN = 2**63 - 1  # frames of a FLAC file that was written as a stream


@dataclass(frozen=True, slots=True)
class Description:
    """What a file says of itself.

    Attributes:
        sample_rate_hz: its own.
        n_samples: of each channel, at least 1. Of MP3 whose frames cannot be counted it is an estimate.
    """

    sample_rate_hz: int
    n_samples: int


def described(descriptor: int, *, max_s: float) -> Description:
    """Looks into an open WAV, FLAC, Ogg or MP3 file, decoding next to nothing of it. Blocks: for a worker thread.

    Args:
        descriptor: of the file, which stays open.
        max_s: the longest audio that is taken.

    Raises:
        RecordingError: when it is none of these, is cut short, empty or too long.
    """
    with _opened(descriptor) as file:
        description = _checked(file, max_s)
        if not len(file.read(1)):
            raise RecordingError("is empty")
        if file.format == "FLAC":
            # Not found where the file was cut short. Of the others, what is there says how long they are.
            file.seek(description.n_samples - 1)
        return description


def decoded(descriptor: int, *, max_s: float, reserve: Callable[[int], None]) -> Recording:
    """Decodes an open file, its channels mixed down to one. Blocks: for a worker thread.

    Args:
        descriptor: of the file, which stays open.
        max_s: the longest audio that is taken; no more is decoded than the file says that it has.
        reserve: told how many bytes the samples will take at most, before they do; may raise.

    Raises:
        RecordingError: as `described`, and when what is in the file cannot be decoded.
    """
    with _opened(descriptor) as file:
        description = _checked(file, max_s)
        reserve(description.n_samples * SAMPLE_BYTES)
        return _read(file, description)


@contextmanager
def _opened(descriptor: int) -> Iterator[soundfile.SoundFile]:
    """The file at its begin.

    Raises:
        RecordingError: when it cannot be opened; in place of what libsndfile raises in the block.
    """
    os.lseek(descriptor, 0, os.SEEK_SET)
    try:
        with soundfile.SoundFile(descriptor, closefd=False) as file:
            if (told := _with_length(descriptor, file)) is None:
                yield file
                return
        with soundfile.SoundFile(told) as file:
            yield file
    except soundfile.SoundFileError:
        raise RecordingError("is no WAV, FLAC, Ogg or MP3 file that can be decoded") from None


def _with_length(descriptor: int, file: soundfile.SoundFile) -> WithHead | None:
    """The file with how long it is; None where it says that itself, or it cannot be told.

    Raises:
        RecordingError: when it cannot be read without.
    """
    if int(file.frames) == _UNKNOWN:
        # libsndfile cannot read these in pieces; told how long they are, it can.
        if not (n_samples := total_samples(descriptor)):
            raise RecordingError("was written as a stream that does not end as it should")
        return with_length(descriptor, n_samples)
    # libsndfile takes an MP3 file to be as long as its size lets expect, and reads no more of it.
    if file.format == "MP3" and (frames := mp3_frames(descriptor)) and frames.n_samples != int(file.frames):
        return WithHead(descriptor, frames.xing(), frames.begin)
    return None


def _checked(file: soundfile.SoundFile, max_s: float) -> Description:
    rate_hz, n_told = int(file.samplerate), int(file.frames)
    if file.format not in _FORMATS:
        raise RecordingError(f"is {file.format}, not WAV, FLAC, Ogg or MP3")
    if not _MIN_RATE_HZ <= rate_hz <= _MAX_RATE_HZ or file.channels > _MAX_CHANNELS:
        raise RecordingError(f"has {file.channels} channels at {rate_hz} Hz, which is not taken")
    if n_told > max_s * rate_hz:
        raise RecordingError(f"is {n_told / rate_hz:.1f} s long, {max_s:g} s are taken")
    if n_told <= 0:
        raise RecordingError("is empty")
    return Description(rate_hz, n_told)


def _read(file: soundfile.SoundFile, description: Description) -> Recording:
    rate_hz, n_told = description.sample_rate_hz, description.n_samples
    samples, n_read = np.zeros(n_told, np.float32), 0
    # Second by second: a file of eight channels would take eight times the memory that was reserved.
    while n_read < n_told:
        block = file.read(min(rate_hz, n_told - n_read), dtype="float32", always_2d=True)
        if not len(block):
            break
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
        samples[n_read : n_read + len(mono)] = mono
        n_read += len(mono)
    if not n_read:
        raise RecordingError("is empty")
    # Files of floats may hold anything.
    np.nan_to_num(samples, copy=False, posinf=1.0, neginf=-1.0)
    np.clip(samples, -1.0, 1.0, out=samples)
    return Recording(samples[:n_read], rate_hz)
