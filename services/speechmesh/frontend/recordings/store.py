"""The recordings of a folder: found safely, decoded once, kept and held within one bound of memory."""

from __future__ import annotations

import os
import stat
import threading
import weakref
from collections import OrderedDict
from pathlib import Path
from typing import Self

from speechmesh.common.errors import Overloaded
from speechmesh.frontend.recordings.audio_file import decoded
from speechmesh.frontend.recordings.recording import Recording, RecordingError
from speechmesh.frontend.settings import FrontendSettings

_MIB = 2**20
# The file's path with what changes when its content does: device, inode, time of change (ns) and size.
_Key = tuple[str, int, int, int, int]


class RecordingStore:
    """Recordings by their paths below a folder; for several threads.

    All that are decoded, kept for later or held by documents that play them, take `max_bytes` at most. Those that were
    not asked for the longest go first; what documents hold stays until they let go of it.
    """

    def __init__(self, folder: Path, *, max_file_bytes: int, max_s: float, max_bytes: int) -> None:
        self._folder = folder.resolve()
        self._max_file_bytes = max_file_bytes
        self._max_s = max_s
        self.max_bytes = max_bytes
        # A recording's end is told wherever its last reference goes, which may be where the lock is held already.
        self._lock = threading.RLock()
        self._kept: OrderedDict[_Key, Recording] = OrderedDict()
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

    def load(self, path: str, room_bytes: int) -> Recording:
        """A recording by its path below the folder, decoded where it is not kept. Blocks: for a worker thread.

        Raises:
            RecordingError: when there is none, it lies outside of the folder, is too large or long, is no audio, or
                takes more than `room_bytes` in memory.
            Overloaded: when other documents hold what room there is.
        """
        descriptor = self._opened(path)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise RecordingError("is no file")
            if status.st_size > self._max_file_bytes:
                raise RecordingError(
                    f"has {status.st_size / _MIB:.1f} MiB, {self._max_file_bytes / _MIB:g} are taken"
                )
            key = (path, status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
            with self._lock:
                if (known := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    return known
            return self._decoded(key, descriptor, room_bytes)
        finally:
            os.close(descriptor)

    def _opened(self, path: str) -> int:
        """Opens the file that a path names, wherever links lead within the folder."""
        try:
            found = (self._folder / path).resolve(strict=True)
            if not found.is_relative_to(self._folder):
                raise RecordingError("is not in the folder of recordings")
            # Whatever took the place of the file meanwhile: no link is followed, and a pipe is not waited for.
            return os.open(found, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError, RuntimeError):
            raise RecordingError("is not there") from None

    def _decoded(self, key: _Key, descriptor: int, room_bytes: int) -> Recording:
        reserved = 0

        def reserve(n_bytes: int) -> None:
            nonlocal reserved
            if n_bytes > min(room_bytes, self.max_bytes):
                raise RecordingError("takes more memory than there is for a document's recordings")
            self._reserve(n_bytes)
            reserved = n_bytes

        try:
            recording = decoded(descriptor, max_s=self._max_s, reserve=reserve)
        except BaseException:
            self._release(reserved)
            raise
        weakref.finalize(recording, self._release, reserved).atexit = False
        with self._lock:
            self._kept[key] = recording
        return recording

    def _reserve(self, n_bytes: int) -> None:
        with self._lock:
            while self._n_bytes + n_bytes > self.max_bytes and self._kept:
                self._kept.popitem(last=False)
            if self._n_bytes + n_bytes > self.max_bytes:
                raise Overloaded("there is no room for another recording")
            self._n_bytes += n_bytes

    def _release(self, n_bytes: int) -> None:
        with self._lock:
            self._n_bytes -= n_bytes
