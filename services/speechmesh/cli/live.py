"""`speechmesh say --live`: speaks standard input while it is being written."""

from __future__ import annotations

import codecs
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.markup import escape

from speechmesh.cli.console import fail, out
from speechmesh.cli.hearing import Hearing
from speechmesh.cli.live_text import TurnText
from speechmesh.cli.records import Records
from speechmesh.cli.say_report import print_warnings
from speechmesh.cli.sinks import Player, Sink, open_sink
from speechmesh.client import LiveStream
from speechmesh.speech.v1 import speech_pb2 as pb

# Codings whose turns, one behind the other, are one file; by bytes a sample.
SAMPLE_BYTES = {
    pb.AUDIO_ENCODING_PCM_S16LE: 2,
    pb.AUDIO_ENCODING_PCM_F32LE: 4,
    pb.AUDIO_ENCODING_MULAW: 1,
    pb.AUDIO_ENCODING_ALAW: 1,
}
_READ_BYTES = 65_536
_SHOWN_CHARS = 40


class LiveSpeech:
    """Three threads: one reads the text, one takes the audio, and the caller's, the main one, waits for Ctrl-C."""

    def __init__(self, stream: LiveStream, output: Path | None, player: str | None, records: Records) -> None:
        self._stream = stream
        self._output, self._player = output, player
        self._records = records
        self._changed = threading.Condition()  # guards all that follows
        self._hearing = Hearing(is_file=output is not None)
        self._texts: list[list[str]] = []  # of the turns, by character
        self._in_turn = False
        self._is_muted = False  # the rest of an interrupted turn is not spoken
        self._sink: Sink | None = None
        # What wakes the caller's thread: True when Ctrl-C was pressed, False when all is over.
        self._wakes: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Speaks until the text ends. Ctrl-C interrupts what is heard; where nothing is, it ends.

        Raises:
            SpeechError: when the stream fails.
            OSError: when the file or the player fails.
            KeyboardInterrupt: when the listener wants no more.
        """
        try:
            with self._heeding_ctrl_c():
                for work in (self._read, self._receive):
                    threading.Thread(target=self._do, args=(work,), daemon=True).start()
                while self._wakes.get():
                    if not self._interrupt():
                        self._stop()
                        raise KeyboardInterrupt
            if self._failure is not None:
                raise self._failure
        finally:
            if self._sink is not None:
                self._sink.close()

    @contextmanager
    def _heeding_ctrl_c(self) -> Iterator[None]:
        """Ctrl-C only wakes the caller's thread, which waits for it; where it is ignored, it stays so.

        As an exception it could come amid the starting of a thread, or while a lock is held.
        """
        before = signal.getsignal(signal.SIGINT)
        if before is signal.SIG_IGN:
            yield
            return
        signal.signal(signal.SIGINT, lambda *_: self._wakes.put(True))  # put() is reentrant
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _do(self, work) -> None:  # type: ignore[no-untyped-def]
        try:
            work()
        except BaseException as error:  # for the caller's thread
            self._failure = self._failure or error
            self._wakes.put(False)

    def _read(self) -> None:
        """Sends the text as it comes; at its end waits until all was heard."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        turns = TurnText()
        while data := os.read(sys.stdin.fileno(), _READ_BYTES):
            for piece in turns.feed(decoder.decode(data)):
                self._say(piece)
        self._say(None)
        with self._changed:
            while True:
                if not self._hearing.is_complete(len(self._texts)):
                    self._changed.wait()
                elif left_s := self._hearing.left_s(time.monotonic()):
                    self._changed.wait(left_s)
                else:
                    break
        self._stream.done()

    def _say(self, piece: str | None) -> None:
        with self._changed:
            if piece is None:
                if self._in_turn:
                    self._stream.end_turn()
                self._in_turn = self._is_muted = False
            elif not self._is_muted:
                if not self._in_turn:
                    self._texts.append([])
                    self._in_turn = True
                self._texts[-1] += piece
                self._stream.send(piece)

    def _receive(self) -> None:
        begun = -1
        offset_ms = sent_ms = 0.0
        header = pb.StreamHeader()
        for response in self._stream:
            turn, speech = response.turn, response.speech
            if response.HasField("interrupted"):
                self._print_interrupted(turn, response.interrupted)
                self._records.cut()
                continue
            if speech.HasField("header"):
                header = speech.header
            with self._changed:
                if turn < self._hearing.n_dead:
                    continue
                if turn > begun:
                    begun, offset_ms, sent_ms = turn, offset_ms + sent_ms, 0.0
                    self._records.begin(self._texts[turn], offset_ms=offset_ms)
                self._sink = sink = self._sink or open_sink(self._output, self._player, header)
                duration_ms = 1000.0 * len(speech.audio) / SAMPLE_BYTES[header.audio.encoding]
                duration_ms /= header.audio.sample_rate_hz
                self._hearing.send(turn, duration_ms, time.monotonic())
                sent_ms += duration_ms
            self._write(sink, speech)
            self._records.add(speech)
            if speech.HasField("summary"):
                with self._changed:
                    self._hearing.complete(turn)
                    self._changed.notify_all()
                print_warnings(speech.summary)
                out.print(f"turn {turn}: {speech.summary.audio_s:.2f} s of audio", highlight=False)
        self._wakes.put(False)

    def _write(self, sink: Sink, speech: pb.SynthesizeResponse) -> None:
        try:
            sink.add(speech)
        except (OSError, ValueError):
            if sink is self._sink:  # else the player was stopped meanwhile
                raise

    def _interrupt(self) -> bool:
        """Interrupts what is heard; False when there is nothing."""
        with self._changed:
            place = self._hearing.place(len(self._texts), time.monotonic())
            if place is None:
                return False
            self._stream.interrupt(*place)
            self._hearing.interrupt(len(self._texts))
            # What a terminal sends next is new; a pipe goes on with what nobody wants to hear.
            self._is_muted = self._in_turn and not sys.stdin.isatty()
            self._in_turn = False
            self._stop()
            self._changed.notify_all()
        return True

    def _stop(self) -> None:
        """Stops the player; what comes next has a new one."""
        if isinstance(sink := self._sink, Player):
            self._sink = None
            sink.stop()

    def _print_interrupted(self, turn: int, interrupted: pb.Interrupted) -> None:
        heard = "".join(self._texts[turn][: interrupted.text_end])
        shown = heard if len(heard) <= _SHOWN_CHARS else "…" + heard[-_SHOWN_CHARS:]
        what = f"heard to the end of “{escape(shown)}”" if shown else "no word was heard"
        out.print(
            f"turn {turn}: interrupted after {interrupted.heard_ms / 1000.0:.2f} s: {what}", highlight=False
        )


def live_encoding(encoding: str, output: Path | None) -> str:
    """The coding in which turns are asked for: each has a header of its own where the coding has one."""
    if encoding == "wav" and output is not None and output.suffix.lower() == ".wav":
        return "pcm_s16le"
    if encoding not in ("pcm_s16le", "pcm_f32le", "mulaw", "alaw"):
        fail(f"turns are no one file in {encoding}; name a .wav, .pcm, .ulaw or .alaw file", 2)
    return encoding
