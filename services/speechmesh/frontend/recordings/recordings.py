"""The recordings of a deployment, for an event loop: files are found and decoded in threads of their own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.played import PlayedScript, played
from speechmesh.frontend.recordings.store import RecordingStore
from speechmesh.frontend.recordings.turns import Turns
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.ssml.script import Script


class Recordings:
    """What documents may play. Its block ends its threads."""

    def __init__(self, store: RecordingStore, *, max_s: float, max_document_s: float, n_threads: int) -> None:
        """What documents may play.

        Args:
            store: the files.
            max_s: how long one element plays at most.
            max_document_s: how long all of a document do.
            n_threads: that decode.
        """
        self._store = store
        self._max_s, self._max_document_s = max_s, max_document_s
        # Files are found before a document's first audio, which does not wait for what others decode.
        self._finding = ThreadPoolExecutor(1, "recordings-found")
        self._decoding = ThreadPoolExecutor(n_threads, "recordings")
        self._turns = Turns(n_threads)

    @classmethod
    def of_settings(cls, settings: FrontendSettings) -> Self | None:
        """Those that the settings want; None where recordings are not played."""
        if (store := RecordingStore.of_settings(settings)) is None:
            return None
        return cls(
            store,
            max_s=settings.audio_file_max_s,
            max_document_s=settings.audio_document_max_s,
            n_threads=settings.audio_file_threads,
        )

    @property
    def n_bytes(self) -> int:
        """What all that are decoded take."""
        return self._store.n_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finding.shutdown()
        self._decoding.shutdown()

    async def found(self, script: Script, level_lufs: float | None) -> PlayedScript:
        """The script of a document with its recordings, brought to a loudness where one is given; see `played`."""
        find = partial(
            played,
            script,
            self._store.find,
            max_s=self._max_s,
            max_document_s=self._max_document_s,
            level_lufs=level_lufs,
        )
        return await asyncio.get_running_loop().run_in_executor(self._finding, find)

    async def load(self, clip: Clip, deadline_s: float) -> LoadedClip:
        """A clip with its recording, which it holds until it is closed.

        Args:
            clip: what is to be heard.
            deadline_s: when its listener has nothing else to hear any more, on `time.monotonic()`'s clock. Who runs dry
                first goes first, whoever asked first.

        Raises:
            RecordingError: when it cannot be decoded.
            Overloaded: when there is no room for it at the moment.
        """
        async with self._turns.turn(deadline_s):
            return await asyncio.get_running_loop().run_in_executor(self._decoding, self._loaded, clip)

    def _loaded(self, clip: Clip) -> LoadedClip:
        return LoadedClip(clip, self._store.load(clip.file))
