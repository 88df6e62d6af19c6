"""The recordings of a folder: found safely, decoded once, kept and held within one bound of memory."""

from __future__ import annotations

import os
import stat
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

from speechmesh.common import metrics
from speechmesh.common.errors import Overloaded
from speechmesh.frontend.recordings.audio_file import decoded, described
from speechmesh.frontend.recordings.recording import FileKey, Recording, RecordingError, RecordingFile
from speechmesh.frontend.settings import FrontendSettings

_MIB = 2**20
# Files of which is remembered what they are, half a KiB each.
_MOST_KNOWN = 2_000


class RecordingStore:
    """Recordings by their paths below a folder; for several threads.

    All that are decoded, kept for later or held by documents that play them, take `max_bytes` at most. Those that were
    not asked for the longest go first; what documents hold stays until they let go of it.
    """

    def __init__(self, folder: Path, *, max_file_bytes: int, max_s: float, max_bytes: int) -> None:
        self._folder = folder.resolve()
        self._max_file_bytes = max_file_bytes
        self._max_s = max_s
        self._max_bytes = max_bytes
        # A recording's end is told wherever its last reference goes, which may be where the lock is held already.
        self._lock = threading.RLock()
        self._known: OrderedDict[FileKey, RecordingFile | str] = OrderedDict()  # or why it cannot be played
        self._kept: OrderedDict[FileKey, Recording] = OrderedDict()
        self._n_bytes = 0

    @classmethod
    def of_settings(cls, settings: FrontendSettings) -> Self | None:
        """The store that the settings want; None where recordings are not played."""
        if settings.audio_dir is None:
            return None
        return cls(
            settings.audio_dir,
            max_file_bytes=settings.audio_file_max_mib * _MIB,
            max_s=settings.audio_file_max_s,
            max_bytes=settings.audio_file_cache_mib * _MIB,
        )

    @property
    def n_bytes(self) -> int:
        """What all that are decoded take."""
        return self._n_bytes

    def find(self, path: str) -> RecordingFile:
        """A file by its path below the folder. Blocks, but decodes next to nothing: for a worker thread.

        Raises:
            RecordingError: when there is none, it lies outside of the folder, is too large or long, or is no audio.
        """
        with self._opened(path) as (descriptor, key):
            return self._described(key, descriptor)

    def load(self, file: RecordingFile) -> Recording:
        """The recording of a file that was found, decoded where it is not kept. Blocks: for a worker thread.

        Where the file has changed since, it is what the file is now.

        Raises:
            RecordingError: when it cannot be decoded; when it has gone since, or has another sample rate.
            Overloaded: when documents hold what room there is.
        """
        if (kept := self._taken(file.key)) is not None:
            return kept
        with self._opened(file.path) as (descriptor, key):
            now = file if key == file.key else self._described(key, descriptor)
            if now.sample_rate_hz != file.sample_rate_hz:
                raise RecordingError(f"has {now.sample_rate_hz} Hz now, and had {file.sample_rate_hz}")
            return self._taken(key) or self._decoded(now, descriptor)

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[int, FileKey]]:
        """The file that a path names, wherever links lead within the folder, open for the block."""
        try:
            found = (self._folder / path).resolve(strict=True)
            if not found.is_relative_to(self._folder):
                raise RecordingError("is not in the folder of recordings")
            # Whatever took the place of the file meanwhile: no link is followed, and a pipe is not waited for.
            descriptor = os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError, RuntimeError):
            raise RecordingError("is not there") from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RecordingError("is no file")
            if status.st_size > self._max_file_bytes:
                size_mib, most_mib = status.st_size / _MIB, self._max_file_bytes / _MIB
                raise RecordingError(f"has {size_mib:.1f} MiB, {most_mib:g} are taken")
            yield (
                descriptor,
                (path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size),
            )
        finally:
            os.close(descriptor)

    def _described(self, key: FileKey, descriptor: int) -> RecordingFile:
        with self._lock:
            if (known := self._known.get(key)) is not None:
                self._known.move_to_end(key)
        if known is None:
            try:
                description = described(descriptor, max_s=self._max_s)
                known = RecordingFile(key, description.sample_rate_hz, description.n_samples)
                if known.n_bytes > self._max_bytes:
                    raise RecordingError("takes more memory than there is for recordings")
            except RecordingError as error:
                known = str(error)
            self._remember(key, known)
        if isinstance(known, str):
            raise RecordingError(known)
        return known

    def _remember(self, key: FileKey, known: RecordingFile | str) -> None:
        with self._lock:
            self._known[key] = known
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)

    def _taken(self, key: FileKey) -> Recording | None:
        with self._lock:
            if (kept := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                metrics.FRONTEND_RECORDINGS_CACHE.add(1, {metrics.RESULT: "hit"})
            return kept

    def _decoded(self, file: RecordingFile, descriptor: int) -> Recording:
        reserved = 0

        def reserve(n_bytes: int) -> None:
            nonlocal reserved
            self._reserve(n_bytes)
            reserved = n_bytes

        started = time.perf_counter()
        try:
            recording = decoded(descriptor, max_s=self._max_s, reserve=reserve)
        except BaseException as error:
            self._release(reserved)
            if isinstance(error, RecordingError):  # the next document is told when it is found
                self._remember(file.key, str(error))
            raise
        metrics.FRONTEND_RECORDINGS_CACHE.add(1, {metrics.RESULT: "miss"})
        metrics.FRONTEND_RECORDINGS_DECODE.record(time.perf_counter() - started)
        weakref.finalize(recording, self._release, reserved).atexit = False
        self._remember(file.key, replace(file, n_samples=len(recording.samples)))
        with self._lock:
            self._kept[file.key] = recording
        return recording

    def _reserve(self, n_bytes: int) -> None:
        with self._lock:
            while self._n_bytes + n_bytes > self._max_bytes and self._kept:
                self._kept.popitem(last=False)
            if self._n_bytes + n_bytes > self._max_bytes:
                raise Overloaded("there is no room for another recording")
            self._n_bytes += n_bytes

    def _release(self, n_bytes: int) -> None:
        with self._lock:
            self._n_bytes -= n_bytes
