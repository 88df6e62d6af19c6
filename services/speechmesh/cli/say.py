"""`speechmesh say`: speaks a text through a running mesh, into a file or the system's player."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from speechmesh.cli.console import err, fail
from speechmesh.cli.live import LiveSpeech, live_encoding
from speechmesh.cli.records import Records
from speechmesh.cli.say_input import is_document, lexicon_of, read_text
from speechmesh.cli.say_report import print_style_reading, print_summary, print_warnings, print_waterfall
from speechmesh.cli.sinks import PLAYERS, Player, Sink, find_player, open_sink
from speechmesh.client import Client, SpeechError, SpeechOptions, SpeechStream
from speechmesh.client.files import ENCODING_BY_SUFFIX
from speechmesh.client.options import DEFAULT_TARGET, ENCODINGS, TIERS
from speechmesh.client.subtitles.files import SUFFIXES
from speechmesh.speech.v1 import speech_pb2 as pb


def say(
    text: Annotated[
        str | None, typer.Argument(help='What to say; "-" or nothing reads standard input.')
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help='Read the text from a UTF-8 file; "-": standard input.'),
    ] = None,
    ssml: Annotated[
        bool | None,
        typer.Option("--ssml/--no-ssml", help="Whether it is SSML. Not said: if it begins with <speak."),
    ] = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Speak standard input while it is being written. An empty line ends a turn, Ctrl-C interrupts it.",
        ),
    ] = False,
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
    style_instruction: Annotated[
        str, typer.Option(help='Style in plain words, English or Chinese, as "calm, and a little slower".')
    ] = "",
    lexicon: Annotated[
        Path | None,
        typer.Option(
            help="File of words and how they are said, a line each: word, tab, ipa, x-sampa, arpabet, pinyin or "
            "respelling, tab, how."
        ),
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Speaking rate, 0.5 to 2; 0: the voice's own, or as the style says.")
    ] = 0.0,
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
    timeout_s: Annotated[
        float, typer.Option(min=0.0, help="Give up after this many seconds; 0: never.")
    ] = 0.0,
    timings: Annotated[
        bool, typer.Option("--timings", help="Show where the time went, stage by stage.")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="Print when each word is spoken.")] = False,
    subtitles: Annotated[
        Path | None, typer.Option(help=f"File for subtitles of it: {', '.join(SUFFIXES)}.")
    ] = None,
    timestamps: Annotated[
        Path | None,
        typer.Option(help="JSON file for the times of segments, words, phonemes and marks."),
    ] = None,
    otlp: Annotated[
        str,
        typer.Option(
            envvar="SPEECHMESH_CLIENT_OTLP_ENDPOINT",
            help="OTLP/HTTP receiver for the client's span, as http://host:4318.",
        ),
    ] = "",
) -> None:
    """Speak a text through a running mesh."""
    player = find_player()
    if output is None and player is None:
        fail(f"no player found ({', '.join(PLAYERS)}); write a file with -o out.wav", 2)
    if subtitles is not None and subtitles.suffix.lower() not in SUFFIXES:
        fail(f"--subtitles {subtitles}: subtitles are {' or '.join(SUFFIXES)} files", 2)
    if live:
        _check_live(is_plain=not ssml and file is None and text in (None, "-"), timings=timings)
    coding = _encoding(encoding, output)
    try:
        options = SpeechOptions(
            voice=voice,
            language=language,
            speaker=speaker,
            style=style,
            style_instruction=style_instruction,
            rate=rate,
            pitch_semitones=pitch_semitones,
            energy_db=energy_db,
            volume_db=volume_db,
            encoding=live_encoding(coding, output) if live else coding,
            sample_rate_hz=sample_rate_hz,
            bit_rate=bit_rate,
            loudness_lufs=loudness_lufs,
            max_leading_silence_ms=max_leading_silence_ms,
            max_trailing_silence_ms=max_trailing_silence_ms,
            quality_tier=tier,
            word_timestamps=words or subtitles is not None or timestamps is not None,
            phoneme_timestamps=timestamps is not None,
            lexicon=lexicon_of(lexicon),
        )
        options.request("")
    except ValueError as error:
        fail(str(error), 2)
    records = Records(subtitles=subtitles, timestamps=timestamps, words=words, live=live)
    spoken = "" if live else read_text(text, file)
    is_ssml = is_document(spoken) if ssml is None else ssml
    tracing = _start_tracing(otlp)
    summary = pb.Summary()
    try:
        with Client(target) as client:
            if live:
                with client.live(options, timeout_s=timeout_s or None) as turns:
                    LiveSpeech(turns, output, player, records).run()
            else:
                stream = client.synthesize(spoken, options, ssml=is_ssml, timeout_s=timeout_s or None)
                with stream:
                    begin = partial(records.begin, spoken, ssml=is_ssml)
                    first_audio_s, total_s = _deliver(stream, output, player, records, begin)
                summary = stream.summary or summary
                if stream.header is not None and stream.header.HasField("style_reading"):
                    print_style_reading(stream.header.style_reading)
                print_warnings(summary)
                print_summary(summary, first_audio_s, total_s, output)
    except SpeechError as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("cancelled", 130)
    except OSError as error:
        fail(f"{error.filename or output or player}: {error.strerror or error}")
    finally:
        if tracing is not None:
            tracing.shutdown()
        _close(records)
    if timings and summary.stages:
        print_waterfall(summary)


def _check_live(*, is_plain: bool, timings: bool) -> None:
    if not is_plain:
        fail("--live speaks plain text from standard input", 2)
    if timings:
        fail("--timings is of one text, not of --live", 2)
    if sys.stdin is None:
        fail("--live speaks standard input, which is closed", 2)


def _encoding(asked: str, output: Path | None) -> str:
    """What is asked for, else what the file's name says; players get raw PCM."""
    if output is None:
        if asked:
            fail("--encoding is for a file: give -o", 2)
        return "pcm_s16le"
    suffix = output.suffix.lower()
    if suffix == ".wav" and asked == "pcm_f32le":
        fail(f"{output}: pcm_f32le does not go into a WAV file; name a .pcm file, or ask for wav", 2)
    if not asked and suffix not in ENCODING_BY_SUFFIX:
        fail(f"{output}: its name says no coding ({', '.join(ENCODING_BY_SUFFIX)}); give --encoding", 2)
    return asked or ENCODING_BY_SUFFIX[suffix]


def _close(records: Records) -> None:
    try:
        records.close()
    except OSError as error:
        fail(f"{error.filename or 'subtitles or timestamps'}: {error.strerror or error}")


def _start_tracing(otlp: str):  # type: ignore[no-untyped-def]  # the SDK is no requirement of the client
    if not otlp:
        return None
    try:
        from speechmesh.common.telemetry import start_tracing  # noqa: PLC0415
    except ModuleNotFoundError:
        fail("--otlp needs: pip install 'speechmesh[server]'", 2)
    return start_tracing("speechmesh-say", otlp)


def _deliver(
    stream: SpeechStream, output: Path | None, player: str | None, records: Records, begin: Callable[[], None]
) -> tuple[float, float]:
    """Writes or plays the stream; returns the seconds to the first audio and to the last."""
    started = time.perf_counter()
    first_audio_s = 0.0
    sink: Sink | None = None
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=err, transient=True) as progress:
            task = progress.add_task("waiting for the first audio", total=None)
            for response in stream:
                if sink is None and stream.header is not None:
                    sink = open_sink(output, player, stream.header)
                    begin()
                if response.audio:
                    first_audio_s = first_audio_s or time.perf_counter() - started
                if sink is not None:
                    sink.add(response)
                    spoken_s = response.offset_ms / 1000.0
                    progress.update(task, description=f"{spoken_s:7.1f} s of audio")
                records.add(response)
        return first_audio_s, time.perf_counter() - started
    except KeyboardInterrupt:
        if isinstance(sink, Player):  # which would play on what it has
            sink.stop()
            sink = None
        raise
    finally:
        if sink is not None:
            sink.close()
