"""What `speechmesh say` keeps of the times: subtitles, a JSON file, words on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from speechmesh.cli.say_report import print_words
from speechmesh.cli.timestamps import Timestamps, write_json
from speechmesh.client import SubtitleFile
from speechmesh.speech.v1 import speech_pb2 as pb


class Records:
    """Keeps the times of one text, or of turns one after the other."""

    def __init__(
        self,
        *,
        subtitles: Path | None = None,
        timestamps: Path | None = None,
        words: bool = False,
        live: bool = False,
    ) -> None:
        self._subtitles_path = subtitles
        self._timestamps_path = timestamps
        self._words = words
        self._live = live
        self._subtitles: SubtitleFile | None = None
        self._timestamps_file: TextIO | None = None
        self._timestamps: list[Timestamps] = []

    def begin(self, text: Sequence[str], *, ssml: bool = False, offset_ms: float = 0.0) -> None:
        """What is spoken next, as its first response comes; a list of characters may grow while it is spoken."""
        self._timestamps.append(Timestamps(text, offset_ms))
        if self._timestamps_path is not None and self._timestamps_file is None:
            # Now, though it is written at the end: what cannot be written is told before all has been listened to.
            self._timestamps_file = self._timestamps_path.open("w", encoding="utf-8")
        if self._subtitles_path is not None:
            self._subtitles = self._subtitles or SubtitleFile(self._subtitles_path)
            self._subtitles.begin(text, ssml=ssml, offset_ms=offset_ms)

    def add(self, response: pb.SynthesizeResponse) -> None:
        """What a response tells."""
        if self._words:
            print_words(response)
        self._timestamps[-1].add(response)
        if self._subtitles is not None:
            self._subtitles.add(response)

    def cut(self) -> None:
        """No more is spoken of what was begun."""
        if self._subtitles is not None:
            self._subtitles.cut()

    def close(self) -> None:
        """Ends the files."""
        if self._subtitles is not None:
            self._subtitles.close()
        if self._timestamps_file is not None:
            documents = [timestamps.document() for timestamps in self._timestamps]
            with self._timestamps_file as file:
                write_json(file, {"turns": documents} if self._live else documents[0])
