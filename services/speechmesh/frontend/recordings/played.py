"""Finds the recordings of a document; where there is none, what stands in its element is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from speechmesh.frontend.metering import count_recording
from speechmesh.frontend.recordings.clip import Clip, clip_of
from speechmesh.frontend.recordings.recording import RecordingError, RecordingFile
from speechmesh.frontend.ssml.cautions import Cautions
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import Audio, Item, Script

_MAX_CAUTIONS = 100  # besides those of the document's other elements


@dataclass(frozen=True, slots=True)
class PlayedScript:
    """A script whose recordings can all be played: `clips` has each by where its element begins in the document."""

    script: Script
    clips: Mapping[int, Clip] = field(default_factory=dict)


def has_audio(script: Script) -> bool:
    """Whether anything is to be played."""
    return any(isinstance(item, Audio) for item in script.items)


def left_out(path: str, place: str, error: RecordingError, instead: str) -> str:
    """What the caller is told of a recording that is not played; `instead`: what is done."""
    return f"{place}: the recording {shown(path)!r} {error}; {instead}"


def played(
    script: Script,
    find: Callable[[str], RecordingFile],
    *,
    max_s: float,
    max_document_s: float,
    level_lufs: float | None = None,
) -> PlayedScript:
    """The script with its recordings, none of which is decoded yet. Blocks: for a worker thread.

    Args:
        script: of a document.
        find: the file of a path; see RecordingStore.find.
        max_s: how long one element plays at most, its repetitions included.
        max_document_s: how long all of them do.
        level_lufs: the loudness that each is brought to; None: as it was recorded.
    """
    finder = _Finder(find, max_s, max_document_s, level_lufs)
    items = tuple(finder.found(script.items))
    cautions = (*script.cautions, *finder.cautions.all())
    return PlayedScript(dataclasses.replace(script, items=items, cautions=cautions), finder.clips)


class _Finder:
    def __init__(
        self,
        find: Callable[[str], RecordingFile],
        max_s: float,
        max_document_s: float,
        level_lufs: float | None,
    ) -> None:
        self._find = find
        self._max_s, self._left_s = max_s, max_document_s
        self._level_lufs = level_lufs
        self._files: dict[str, RecordingFile | str] = {}  # or why not; a document plays the same all along
        self.clips: dict[int, Clip] = {}
        self.cautions = Cautions(_MAX_CAUTIONS)

    def found(self, items: Sequence[Item]) -> list[Item]:
        """The items, with what is read in place of a recording that cannot be played."""
        out: list[Item] = []
        for item in items:
            if isinstance(item, Audio) and not self._finds(item):
                out += self.found(item.fallback)
            else:
                out.append(item)
        return out

    def _finds(self, audio: Audio) -> bool:
        place = f"line {audio.line}, column {audio.column}"
        try:
            clip, is_cut = clip_of(
                self._file(audio.path), audio.playing, self._max_s, level_lufs=self._level_lufs, place=place
            )
            if clip.duration_ms > self._left_s * 1000.0:
                raise RecordingError("would make the document's recordings longer than they may be together")
        except RecordingError as error:
            message = left_out(audio.path, place, error, "what it falls back to is read")
            self.cautions.tell("AUDIO_LEFT_OUT", message, audio.start, audio.tag_end)
            count_recording("replaced")
            return False
        if is_cut:
            message = f"{place}: a recording is played for {self._max_s:g} s at most"
            self.cautions.tell("SSML_VALUE_CLAMPED", message, audio.start, audio.tag_end)
        self._left_s -= clip.duration_ms / 1000.0
        self.clips[audio.start] = clip
        return True

    def _file(self, path: str) -> RecordingFile:
        if path not in self._files:
            try:
                self._files[path] = self._find(path)
            except RecordingError as error:
                self._files[path] = str(error)
        known = self._files[path]
        if isinstance(known, str):
            raise RecordingError(known)
        return known
