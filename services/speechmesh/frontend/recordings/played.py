"""Finds the recordings of a document; where there is none, what stands in its element is read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from speechmesh.frontend.recordings.clip import Clip, clip_of
from speechmesh.frontend.recordings.recording import Recording, RecordingError
from speechmesh.frontend.ssml.cautions import Cautions
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import Audio, Item, Script

_MAX_CAUTIONS = 100  # besides those of the document's other elements


@dataclass(frozen=True, slots=True)
class PlayedScript:
    """A script whose recordings can all be played: `clips` has each by where its element begins in the document."""

    script: Script
    clips: Mapping[int, Clip] = field(default_factory=dict)

    def close(self) -> None:
        """Lets go of the recordings."""
        for clip in self.clips.values():
            clip.close()


def has_audio(script: Script) -> bool:
    """Whether anything is to be played."""
    return any(isinstance(item, Audio) for item in script.items)


def played(
    script: Script,
    load: Callable[[str, int], Recording],
    *,
    max_s: float,
    max_document_s: float,
    max_bytes: int,
    measures_loudness: bool = False,
) -> PlayedScript:
    """The script with its recordings. Blocks: for a worker thread.

    Args:
        script: of a document.
        load: the recording of a path; see RecordingStore.load.
        max_s: how long one element plays at most, its repetitions included.
        max_document_s: how long all of them do.
        max_bytes: what the document's recordings may take in memory.
        measures_loudness: whether it will be asked how loud they are.

    Raises:
        Overloaded: when there is no room for one at the moment.
    """
    finder = _Finder(load, max_s, max_document_s, max_bytes, measures_loudness)
    items = tuple(finder.found(script.items))
    cautions = (*script.cautions, *finder.cautions.all())
    return PlayedScript(dataclasses.replace(script, items=items, cautions=cautions), finder.clips)


class _Finder:
    def __init__(
        self,
        load: Callable[[str, int], Recording],
        max_s: float,
        max_document_s: float,
        max_bytes: int,
        measures_loudness: bool,
    ) -> None:
        self._load = load
        self._max_s, self._left_s = max_s, max_document_s
        self._max_bytes = max_bytes
        self._measures_loudness = measures_loudness
        self._loaded: dict[str, Recording | str] = {}  # or why not; a document plays the same all along
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
        try:
            clip, is_cut = clip_of(self._recording(audio.path), audio.playing, self._max_s)
            if clip.duration_ms > self._left_s * 1000.0:
                raise RecordingError("would make the document's recordings longer than they may be together")
        except RecordingError as error:
            message = f"the recording {shown(audio.path)!r} {error}; what it falls back to is read"
            self._tell(audio, "AUDIO_LEFT_OUT", message)
            return False
        if is_cut:
            self._tell(audio, "SSML_VALUE_CLAMPED", f"a recording is played for {self._max_s:g} s at most")
        self._left_s -= clip.duration_ms / 1000.0
        self.clips[audio.start] = clip
        return True

    def _recording(self, path: str) -> Recording:
        if path not in self._loaded:
            self._loaded[path] = self._new(path)
        known = self._loaded[path]
        if isinstance(known, str):
            raise RecordingError(known)
        return known

    def _new(self, path: str) -> Recording | str:
        held = sum(each.n_bytes for each in self._loaded.values() if isinstance(each, Recording))
        try:
            # What the document itself holds is not let go of by anybody else: to wait for room would be in vain.
            recording = self._load(path, self._max_bytes - held)
        except RecordingError as error:
            return str(error)
        if self._measures_loudness:
            _ = recording.loudness_lufs
        return recording

    def _tell(self, audio: Audio, code: str, message: str) -> None:
        where = f"line {audio.line}, column {audio.column}"
        self.cautions.tell(code, f"{where}: {message}", audio.start, audio.tag_end)
