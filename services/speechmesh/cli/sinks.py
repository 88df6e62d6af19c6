"""Where audio goes: a file, or the system's player."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from speechmesh.client import AudioFile
from speechmesh.speech.v1 import speech_pb2 as pb

PLAYERS = {
    "aplay": ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}", "-"],
    "paplay": ["--raw", "--format=s16le", "--channels=1", "--rate={rate}"],
    "ffplay": ["-loglevel", "error", "-nodisp", "-autoexit", "-f", "s16le", "-ar", "{rate}", "-i", "-"],
}


class Sink(Protocol):
    """Takes audio as it comes."""

    def add(self, response: pb.SynthesizeResponse, /) -> None:
        """The stream's next response."""
        ...

    def close(self) -> None:
        """Ends it, when all has been played or written."""
        ...


class Player:
    """The system's player, fed raw 16-bit PCM by its standard input."""

    def __init__(self, name: str, rate_hz: int) -> None:
        command = [name, *(argument.format(rate=rate_hz) for argument in PLAYERS[name])]
        # In a session of its own: Ctrl-C is for us, who then stop it.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        self._stdin: IO[bytes] = self._process.stdin  # type: ignore[assignment]

    def add(self, response: pb.SynthesizeResponse, /) -> None:
        """The stream's next response; waits while the player has enough."""
        self._stdin.write(response.audio)
        self._stdin.flush()  # of live text it is not known when the next bytes come

    def close(self) -> None:
        """Waits until all has been played; Ctrl-C ends it at once.

        Raises:
            OSError: when the player failed.
        """
        try:
            with suppress(BrokenPipeError):  # what it died of stands on stderr, its exit code below
                self._stdin.close()
            exit_code = self._process.wait()
        except KeyboardInterrupt:
            self.stop()
            raise
        if exit_code:
            raise OSError(f"the player failed with exit code {exit_code}; write a file with -o out.wav")

    def stop(self) -> None:
        """Ends it at once."""
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._stdin.close()


def find_player() -> str | None:
    """The name of a player that is installed."""
    return next((name for name in PLAYERS if shutil.which(name)), None)


def open_sink(output: Path | None, player: str | None, header: pb.StreamHeader) -> Sink:
    """The file, or else the player, for a stream with this header."""
    if output is not None:
        return AudioFile(output, header)
    assert player is not None
    return Player(player, header.audio.sample_rate_hz)
