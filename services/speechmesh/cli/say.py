"""`speechmesh say`: speaks a text through a running mesh, into a file or the system's player."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Annotated, Protocol

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from speechmesh.cli.console import bar, err, fail, out
from speechmesh.client import AudioFile, Client, SpeechError, SpeechOptions, SpeechStream
from speechmesh.client.files import ENCODING_BY_SUFFIX
from speechmesh.client.options import DEFAULT_TARGET, ENCODINGS, TIERS
from speechmesh.speech.v1 import speech_pb2 as pb

_PLAYERS = {
    "aplay": ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", "{rate}", "-"],
    "paplay": ["--raw", "--format=s16le", "--channels=1", "--rate={rate}"],
    "ffplay": ["-loglevel", "error", "-nodisp", "-autoexit", "-f", "s16le", "-ar", "{rate}", "-i", "-"],
}


class _Sink(Protocol):
    def write(self, data: bytes, /) -> None: ...
    def close(self) -> None: ...


class _Player:
    """The system's player, fed by its standard input."""

    def __init__(self, name: str, rate_hz: int) -> None:
        command = [name, *(argument.format(rate=rate_hz) for argument in _PLAYERS[name])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE)
        self._stdin: IO[bytes] = self._process.stdin  # type: ignore[assignment]

    def write(self, data: bytes, /) -> None:
        self._stdin.write(data)

    def close(self) -> None:
        with suppress(BrokenPipeError):  # what it died of stands on stderr, its exit code below
            self._stdin.close()
        if exit_code := self._process.wait():
            raise OSError(f"the player failed with exit code {exit_code}; write a file with -o out.wav")


def _read_text(text: str | None, file: Path | None) -> str:
    if text is not None and file is not None:
        fail("give TEXT or --file, not both", 2)
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file}: {error}", 2)
    if text is not None and text != "-":
        return text
    if sys.stdin.isatty() and text is None:
        fail("give TEXT, --file, or text on standard input", 2)
    return sys.stdin.read()


def say(
    text: Annotated[
        str | None, typer.Argument(help='What to say; "-" or nothing reads standard input.')
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Read the text from a UTF-8 file.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help=f"File to write, coded as its name says: {', '.join(ENCODING_BY_SUFFIX)}. Without it the audio is "
            "played.",
        ),
    ] = None,
    encoding: Annotated[
        str, typer.Option(help=f"Coding of the file, whatever its name: {', '.join(ENCODINGS)}.")
    ] = "",
    target: Annotated[
        str,
        typer.Option("--target", "-t", envvar="SPEECHMESH_CLIENT_TARGET", help="The frontend, host:port."),
    ] = DEFAULT_TARGET,
    voice: Annotated[str, typer.Option(help="Voice; see `speechmesh voices`.")] = "",
    language: Annotated[str, typer.Option(help="Language, BCP-47.")] = "",
    speaker: Annotated[str, typer.Option(help="Speaker of the voice.")] = "",
    style: Annotated[str, typer.Option(help="Style of the voice.")] = "",
    rate: Annotated[float, typer.Option(help="Speaking rate, 0.5 to 2.")] = 1.0,
    pitch_semitones: Annotated[float, typer.Option(help="Shift of pitch in semitones.")] = 0.0,
    energy_db: Annotated[float, typer.Option(help="Vocal effort in dB, softer or more forceful.")] = 0.0,
    volume_db: Annotated[float, typer.Option(help="Change of volume in dB.")] = 0.0,
    sample_rate_hz: Annotated[int, typer.Option(help="Sample rate; 0 is the voice's own.")] = 0,
    bit_rate: Annotated[
        int, typer.Option(help="Bits per second of MP3, Opus and AAC; 0: the coding's default.")
    ] = 0,
    loudness_lufs: Annotated[
        float, typer.Option(help="Loudness in LUFS, -40 to -10; 0: as the voice speaks.")
    ] = 0.0,
    max_leading_silence_ms: Annotated[
        int | None, typer.Option(help="The most silence that the audio begins with.")
    ] = None,
    max_trailing_silence_ms: Annotated[
        int | None, typer.Option(help="The most silence that the audio ends with.")
    ] = None,
    tier: Annotated[str, typer.Option(help=f"Quality tier: {', '.join(TIERS)}.")] = "auto",
    timeout_s: Annotated[float, typer.Option(help="Give up after this many seconds; 0: never.")] = 0.0,
    timings: Annotated[
        bool, typer.Option("--timings", help="Show where the time went, stage by stage.")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="Print when each word is spoken.")] = False,
    otlp: Annotated[
        str,
        typer.Option(
            envvar="SPEECHMESH_CLIENT_OTLP_ENDPOINT",
            help="OTLP/HTTP receiver for the client's span, as http://host:4318.",
        ),
    ] = "",
) -> None:
    """Speak a text through a running mesh."""
    player = next((name for name in _PLAYERS if shutil.which(name)), None)
    if output is None and player is None:
        fail(f"no player found ({', '.join(_PLAYERS)}); write a file with -o out.wav", 2)
    try:
        options = SpeechOptions(
            voice=voice,
            language=language,
            speaker=speaker,
            style=style,
            rate=rate,
            pitch_semitones=pitch_semitones,
            energy_db=energy_db,
            volume_db=volume_db,
            encoding=_encoding(encoding, output),
            sample_rate_hz=sample_rate_hz,
            bit_rate=bit_rate,
            loudness_lufs=loudness_lufs,
            max_leading_silence_ms=max_leading_silence_ms,
            max_trailing_silence_ms=max_trailing_silence_ms,
            quality_tier=tier,
            word_timestamps=words,
        )
        options.request("")
    except ValueError as error:
        fail(str(error), 2)
    spoken = _read_text(text, file)
    tracing = _start_tracing(otlp)
    try:
        with Client(target) as client:
            stream = client.synthesize(spoken, options, timeout_s=timeout_s or None)
            with stream:
                first_audio_s, total_s = _deliver(stream, output, player, print_words=words)
    except SpeechError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("cancelled", 130)
    except OSError as error:
        fail(f"{output or player}: {error}")
    finally:
        if tracing is not None:
            tracing.shutdown()
    _report(stream.summary or pb.Summary(), first_audio_s, total_s, output)
    if timings and stream.summary:
        print_waterfall(stream.summary)


def _encoding(asked: str, output: Path | None) -> str:
    """What is asked for, else what the file's name says; players get raw PCM."""
    if output is None:
        if asked:
            fail("--encoding is for a file: give -o", 2)
        return "pcm_s16le"
    if not asked and output.suffix.lower() not in ENCODING_BY_SUFFIX:
        fail(f"{output}: its name says no coding ({', '.join(ENCODING_BY_SUFFIX)}); give --encoding", 2)
    return asked or ENCODING_BY_SUFFIX[output.suffix.lower()]


def _start_tracing(otlp: str):  # type: ignore[no-untyped-def]  # the SDK is no requirement of the client
    if not otlp:
        return None
    try:
        from speechmesh.common.telemetry import start_tracing  # noqa: PLC0415
    except ModuleNotFoundError:
        fail("--otlp needs: pip install 'speechmesh[server]'", 2)
    return start_tracing("speechmesh-say", otlp)


def _deliver(
    stream: SpeechStream, output: Path | None, player: str | None, *, print_words: bool
) -> tuple[float, float]:
    """Writes or plays the stream; returns the seconds to the first audio and to the last."""
    started = time.perf_counter()
    first_audio_s = 0.0
    sink: _Sink | None = None
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task("waiting for the first audio", total=None)
            for response in stream:
                if sink is None and stream.header is not None:
                    sink = _open_sink(output, player, stream.header)
                if response.audio and sink is not None:
                    first_audio_s = first_audio_s or time.perf_counter() - started
                    sink.write(response.audio)
                    spoken_s = response.offset_ms / 1000.0
                    progress.update(task, description=f"{spoken_s:7.1f} s of audio")
                if print_words:
                    for word in response.words:
                        out.print(
                            f"{word.start_ms:9.1f} {word.end_ms:9.1f}  {word.spoken_text}", highlight=False
                        )
        return first_audio_s, time.perf_counter() - started
    finally:
        if sink is not None:
            sink.close()


def _open_sink(output: Path | None, player: str | None, header: pb.StreamHeader) -> _Sink:
    if output is not None:
        return AudioFile(output, header)
    assert player is not None
    return _Player(player, header.audio.sample_rate_hz)


def _report(summary: pb.Summary, first_audio_s: float, total_s: float, output: Path | None) -> None:
    for warning in summary.warnings:
        err.print(f"[yellow]warning:[/] {warning.message}", highlight=False)
    where = f" -> {output}" if output else ""
    out.print(
        f"{summary.audio_s:.2f} s of audio{where}, first audio after {first_audio_s * 1000:.0f} ms, "
        f"all after {total_s * 1000:.0f} ms, RTF {total_s / max(summary.audio_s, 1e-9):.3f}",
        highlight=False,
    )


def print_waterfall(summary: pb.Summary) -> None:
    """Prints the stages' times of a request as bars over time."""
    out.print(f"\nwhere the {summary.total_ms:.0f} ms went (after the request's arrival):", highlight=False)
    colours = {"text": "cyan", "acoustic": "green", "vocoder": "magenta"}
    for stage in summary.stages:
        label = stage.stage if stage.stage == "text" else f"{stage.stage} {stage.segment_index}"
        out.print(
            f"  {label:<13}[{colours.get(stage.stage, 'white')}]"
            f"{bar(stage.start_ms, stage.duration_ms, summary.total_ms):<45}[/]"
            f"{stage.start_ms:7.1f} +{stage.duration_ms:7.1f} ms, computed {stage.compute_ms:7.1f}, "
            f"queued {stage.queue_ms:6.1f}{_tier(stage)}",
            highlight=False,
        )
    out.print(f"  first audio left after {summary.first_audio_ms:.1f} ms", highlight=False)


def _tier(stage: pb.StageTiming) -> str:
    return next((f", {name}" for name, tier in TIERS.items() if tier and tier == stage.quality_tier), "")
