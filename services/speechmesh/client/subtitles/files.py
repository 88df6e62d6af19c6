"""Subtitles as files, SubRip (.srt) and WebVTT (.vtt), written while the speech comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from speechmesh.client.subtitles.cues import Cue, Pacing, cues
from speechmesh.client.subtitles.shown import shown
from speechmesh.client.subtitles.units import units
from speechmesh.client.subtitles.words import Sentence, Sentences, TimedWord
from speechmesh.speech.v1 import speech_pb2 as pb

SUFFIXES = (".srt", ".vtt")
# SubRip has no escapes. An invisible joiner keeps players from reading "<b>" or "{\" as their mark-up.
_SRT_MARKUP = re.compile(r"<(?=[/!a-zA-Z])|\{(?=\\)")
_JOINER = "\u2060"


class SubtitleFile:
    """A file of the cues of one text after the other, each to be begun by `begin`.

    The responses must carry the times of words (`SpeechOptions.word_timestamps`).

    Raises:
        ValueError: when the file is named neither `.srt` nor `.vtt`.
    """

    def __init__(self, path: str | Path) -> None:
        suffix = Path(path).suffix.lower()
        if suffix not in SUFFIXES:
            raise ValueError(f"{path}: subtitles are {' or '.join(SUFFIXES)} files")
        self._is_vtt = suffix == ".vtt"
        self._file = Path(path).open("w", encoding="utf-8", newline="\n")  # noqa: SIM115 - close() closes it
        self._n_cues = 0
        self._pacing = Pacing()
        self.begin("")
        if self._is_vtt:
            self._file.write("WEBVTT\n")

    def begin(self, text: Sequence[str], *, ssml: bool = False, offset_ms: float = 0.0) -> None:
        """What is spoken next, from `offset_ms` of the audio on. A list of characters may grow while it is spoken."""
        self._text = shown(text, ssml=True) if ssml and isinstance(text, str) else text
        self._sentences = Sentences(self._text)
        self._offset_ms = offset_ms

    def add(self, response: pb.SynthesizeResponse) -> None:
        """Writes the cues that a response makes complete; its summary ends the text."""
        for word in response.words:
            timed = TimedWord(
                word.text_start,
                word.text_end,
                word.start_ms + self._offset_ms,
                word.end_ms + self._offset_ms,
                response.segment_index,
            )
            self._write(self._sentences.add(timed))
        if response.HasField("summary"):
            self._write(self._sentences.finish(whole=True))

    def cut(self) -> None:
        """No more of the text is spoken, whatever is left of it."""
        self._write(self._sentences.finish(whole=False))

    def close(self) -> None:
        """Ends the file."""
        with self._file:
            self.cut()
            self._put(self._pacing.finish())

    def _write(self, sentences: Iterator[Sentence]) -> None:
        for sentence in sentences:
            for cue in cues(units(self._text, sentence)):
                self._put(self._pacing.add(cue))

    def _put(self, found: Iterator[Cue]) -> None:
        for cue in found:
            self._n_cues += 1
            self._file.write(vtt(cue) if self._is_vtt else srt(cue, self._n_cues))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def srt(cue: Cue, number: int) -> str:
    """A cue in SubRip, with the blank line behind it."""
    lines = "\n".join(_SRT_MARKUP.sub(lambda match: match[0] + _JOINER, line) for line in cue.lines)
    return f"{number}\n{_time(cue.start_ms, ',')} --> {_time(cue.end_ms, ',')}\n{lines}\n\n"


def vtt(cue: Cue) -> str:
    """A cue in WebVTT, with the blank line before it."""
    text = "\n".join(cue.lines)
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    return f"\n{_time(cue.start_ms, '.')} --> {_time(cue.end_ms, '.')}\n{text}\n"


def _time(ms: int, point: str) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{ms:03}"
