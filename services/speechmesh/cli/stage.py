"""`speechmesh stage`: one stage alone, files in and out, without a server; for looking into a sound that is wrong."""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from speechmesh.cli.console import fail, out
from speechmesh.cli.say_input import is_document
from speechmesh.client.files import ENCODING_BY_SUFFIX
from speechmesh.common.bundle import VoiceBundle, load_bundles
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.settings import load

app = typer.Typer(help="One stage alone, files in and out, without a server.", no_args_is_help=True)

VoiceOption = Annotated[str, typer.Option(help="Voice; default: the first.")]
VoicesOption = Annotated[Path, typer.Option("--voices", help="Folder of voice bundles.")]
_VOICES = Path("voices")


def _bundle(voices: Path, voice: str) -> VoiceBundle:
    try:
        bundles = load_bundles(voices)
    except Incompatible as error:
        fail(str(error))
    if voice and voice not in bundles:
        fail(f"--voice {voice!r} is not in {voices}; there is {', '.join(bundles)}", 2)
    return bundles[voice] if voice else next(iter(bundles.values()))


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


@contextmanager
def _written(output: Path) -> Iterator[None]:
    """Ends the program where the file cannot be written in the block."""
    try:
        yield
    except OSError as error:
        fail(f"{output}: {error.strerror or error}")


@app.command()
def frontend(
    text: Annotated[str, typer.Argument(help="The text.")],
    ssml: Annotated[
        bool | None,
        typer.Option("--ssml/--no-ssml", help="Whether it is SSML. Not said: if it begins with <speak."),
    ] = None,
    lexicon: Annotated[Path | None, typer.Option(help="File of words and how they are said.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="JSON file; default: print.")] = None,
    voice: VoiceOption = "",
    voices: VoicesOption = _VOICES,
) -> None:
    """Read a text or an SSML document: its segments with words, phones and how they are spoken, as JSON."""
    from speechmesh.frontend.lexicon import read_lexicon  # noqa: PLC0415 - needs the frontend extra
    from speechmesh.frontend.reader import load_reader  # noqa: PLC0415
    from speechmesh.frontend.settings import FrontendSettings  # noqa: PLC0415
    from speechmesh.frontend.ssml.limits import Limits  # noqa: PLC0415
    from speechmesh.frontend.written import Writing  # noqa: PLC0415

    bundle, settings = _bundle(voices, voice), load(FrontendSettings)
    reader = load_reader(bundle)
    files = [lexicon, settings.lexicon]
    if bundle.config.frontend.lexicon:
        files.append(bundle.folder / bundle.config.frontend.lexicon)
    n_words = settings.max_segment_words, settings.first_segment_words
    try:
        writing = Writing(reader, bundle.config, [read_lexicon(path) for path in files if path])
        is_ssml = is_document(text) if ssml is None else ssml
        plan = (
            writing.plan_ssml(text, *n_words, Limits(max_text_chars=settings.max_text_chars))
            if is_ssml
            else writing.plan(text, *n_words)
        )
    except (InvalidInput, Incompatible) as error:
        fail(str(error), 2)
    segments = []
    for index, segment in enumerate(plan.segments):
        tokens = reader.tokens(segment)
        segments.append(
            {
                "index": index,
                "text": " ".join(word.text for word in tokens.words),
                "ending": plan.ending(index).value,
                "tokens": [bundle.tokens[token] for token in tokens.tokens],
                "words": [[word.first_token, word.n_tokens] for word in tokens.words],
                "manner": asdict(segment.manner),
                "marks": [asdict(mark) for mark in segment.marks],
                "pause_before_ms": segment.pause_before_ms,
                "pause_after_ms": segment.pause_after_ms,
                "features": {
                    name: [bundle.token_features[name][i] for i in ids]
                    for name, ids in tokens.features.items()
                },
            }
        )
    dropped = [{"text": part.text, "start": part.start, "end": part.end} for part in plan.dropped]
    document = {
        "voice": bundle.name,
        "revision": bundle.revision,
        "segments": segments,
        "dropped": dropped,
        "warnings": [asdict(warning) for warning in plan.warnings],
    }
    rendered = json.dumps(document, indent=1, ensure_ascii=False)
    if output:
        with _written(output):
            output.write_text(rendered + "\n", encoding="utf-8")
    else:
        sys.stdout.write(rendered + "\n")


@app.command()
def acoustic(
    segments: Annotated[Path, typer.Argument(help="JSON of `speechmesh stage frontend`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Frames, NumPy [T, M] float32.")],
    rate: Annotated[
        float,
        typer.Option(min=0.5, max=2.0, help="Speaking rate, 0.5 to 2; of a document a factor on its own."),
    ] = 1.0,
    speaker: Annotated[str, typer.Option(help="Speaker; default: the voice's first.")] = "",
    style: Annotated[str, typer.Option(help="Style; default: the voice's first.")] = "",
    voices: VoicesOption = _VOICES,
) -> None:
    """Run the acoustic model over segments, one by one, in their manner, and join their frames; pauses are left out."""
    from speechmesh.acoustic.families import load_acoustic, speak_whole  # noqa: PLC0415 - needs the acoustic extra
    from speechmesh.cli.segments import acoustic_segment  # noqa: PLC0415
    from speechmesh.frontend.plan import TokenSegment, TokenWord  # noqa: PLC0415
    from speechmesh.frontend.settings import MAX_RATE, MIN_RATE  # noqa: PLC0415

    try:
        document: dict[str, Any] = json.loads(segments.read_text(encoding="utf-8"))
        bundle = _bundle(voices, document["voice"])
        config = bundle.config
        speakers = {one.name: one.id for one in config.speakers}
        if (speaker or config.speakers[0].name) not in speakers:
            fail(f"--speaker {speaker!r}: voice {bundle.name} has {', '.join(speakers)}", 2)
        if (style or config.styles[0]) not in config.styles:
            fail(f"--style {style!r}: voice {bundle.name} has {', '.join(config.styles)}", 2)
        most_semitones, most_db = config.acoustic.pitch_range_semitones, config.acoustic.energy_range_db
        model = load_acoustic(bundle, threads=1)
        frames = []
        for entry in document["segments"]:
            read = TokenSegment(
                [bundle.tokens.index(token) for token in entry["tokens"]],
                [TokenWord("", 0, 0, first, count) for first, count in entry["words"]],
                {
                    name: [table.index(part) for part in entry["features"][name]]
                    for name, table in bundle.token_features.items()
                },
            )
            manner = entry["manner"]
            segment = acoustic_segment(
                read,
                bundle,
                ending=entry["ending"],
                speaker_id=speakers[manner["speaker"] or speaker or config.speakers[0].name],
                style=manner["style"] or style or config.styles[0],
                rate=_within(rate * manner["rate"], MIN_RATE, MAX_RATE),
                pitch_semitones=_within(manner["pitch_semitones"], -most_semitones, most_semitones),
                energy_db=_within(manner["energy_db"], -most_db, most_db),
            )
            frames.append(speak_whole(model, segment).frames)
    except OSError as error:
        fail(f"{segments}: {error.strerror or error}")
    except (ValueError, KeyError, TypeError, IndexError) as error:
        fail(f"{segments}: not of `speechmesh stage frontend` ({type(error).__name__}: {error})")
    except Incompatible as error:
        fail(str(error))
    if not frames:
        fail(f"{segments}: no segment in it")
    joined = np.concatenate(frames)
    with _written(output), output.open("wb") as file:  # np.save would give another name a suffix
        np.save(file, joined)
    out.print(f"{output}: {joined.shape[0]} frames of {joined.shape[1]}", highlight=False, markup=False)


@app.command()
def vocoder(
    mel: Annotated[Path, typer.Argument(help="Frames, NumPy [T, M].")],
    output: Annotated[Path, typer.Option("--output", "-o", help="WAV file, 16-bit.")],
    tier: Annotated[str, typer.Option(help="Quality tier; default: the voice's first.")] = "",
    voice: VoiceOption = "",
    voices: VoicesOption = _VOICES,
) -> None:
    """Run the vocoder over frames, window by window as the service does."""
    from speechmesh.vocoder.offline import vocode  # noqa: PLC0415 - needs the vocoder extra

    bundle = _bundle(voices, voice)
    tiers = bundle.config.vocoders
    chosen = next((name for name in tiers if name == (tier or name)), None)
    if chosen is None:
        fail(f"--tier {tier!r}: voice {bundle.name} has {', '.join(tiers)}", 2)
    if output.suffix.lower() in ENCODING_BY_SUFFIX.keys() - {".wav"}:
        fail(f"{output}: it is a WAV file; name it .wav", 2)
    try:
        with mel.open("rb") as opened:
            frames = np.lib.format.read_array(opened, allow_pickle=False)
    except OSError as error:
        fail(f"{mel}: {error.strerror or error}")
    except (EOFError, ValueError) as error:
        fail(f"{mel}: no array as NumPy saves one ({error})")
    try:
        samples = vocode(bundle, chosen, frames)
    except (ValueError, Incompatible) as error:
        fail(f"{mel}: {error}")
    with _written(output), output.open("wb") as opened_output, wave.open(opened_output, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(bundle.config.feature_space.sample_rate_hz)
        file.writeframes(np.rint(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    seconds = len(samples) / bundle.config.feature_space.sample_rate_hz
    out.print(f"{output}: {seconds:.2f} s", highlight=False, markup=False)
