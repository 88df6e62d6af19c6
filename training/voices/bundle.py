"""The steps that export the networks and put the bundle together."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import yaml

from speechmesh.common.bundle import (
    AcousticConfig,
    FrontendConfig,
    Speaker,
    Tier,
    VocoderConfig,
    VoiceConfig,
    load_bundle,
)
from speechmesh.common.errors import Incompatible
from training.voices.acoustic_export import ENERGY_DB, export_acoustic
from training.voices.features import token_table
from training.voices.settings import REPOSITORY, VoiceSettings, load_settings
from training.voices.vocoder_export import export_vocoder
from training.voices.work import Work, whole_folder

MAX_BYTES = 30_000_000
# As far as a shift was found to move the pitch as asked; the graph's own bound is wider. espeak-ng's pitch follows from
# the tokens alone, so that the network has not learnt to listen to anything else.
_PITCH_RANGE_SEMITONES = {"en-US": 3.0, "zh-CN": 0.0}
# What networks say is smoother than what they were taught, and so a little less loud: by 0.6 to 1.7 LU, measured over
# the speakers and tiers of both voices.
_SPOKEN_BELOW_TAUGHT_LU = 1.0
_READERS = {"en-US": "english", "zh-CN": "mandarin"}
_CARD = """# {name}

{description}

Language {language}, sample rate {rate} Hz. Made from scratch by `python -m training.voices run {name}`; the figures are
in `training/report.md`.

| speaker | description | teacher |
|---|---|---|
{speakers}

## Intended use

A default voice for building and testing services that speak. It is synthetic, of no living person's likeness beyond
that of the open voices it learnt from.

## Limits

It sounds like its teachers, which are parametric synthesisers of the 2000s.{further}

## Licence

{license}, weights included. The teachers: {teacher_licenses}
"""
_TONES = " Its tones are espeak-ng's contours, which are plainer than a speaker's."


def make_bundle(settings: VoiceSettings, work: Work) -> Path:
    """Exports the trained networks into WORK/bundle, and checks that they load.

    Raises:
        Incompatible: when it is too large, or does not load.
    """
    target = work / "bundle"
    with whole_folder(target) as folder:
        export_acoustic(settings, work, folder / "acoustic.onnx")
        if settings.vocoder_of is None:
            vocoders = {
                tier: export_vocoder(settings, work, tier, folder / f"vocoder.{tier}.onnx")
                for tier in settings.tiers
            }
        else:
            vocoders = _borrowed(settings, work, folder)
        _write_texts(settings, vocoders, folder)
        load_bundle(folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        if size > MAX_BYTES:
            raise Incompatible(f"the bundle has {size / 1e6:.1f} MB, more than {MAX_BYTES / 1e6:g}")
    return target


def install(work: Work, voice: str, voices: Path = REPOSITORY / "voices") -> Path:
    """Copies the finished bundle into the repository's voices, in place of an older one."""
    target = voices / voice
    with whole_folder(target) as folder:
        shutil.copytree(work / "bundle", folder, dirs_exist_ok=True)
    return target


def _borrowed(settings: VoiceSettings, work: Work, folder: Path) -> dict[Tier, VocoderConfig]:
    """Another voice's vocoders, whose feature space must be the same."""
    assert settings.vocoder_of is not None
    lender = load_settings(settings.vocoder_of)
    settings.feature_space.require_equal(lender.feature_space, f"vocoder_of {lender.name}")
    source = work.sibling(lender.name) / "bundle"
    if not source.is_dir():
        raise Incompatible(f"vocoder_of: make the voice {lender.name} first")
    vocoders = load_bundle(source).config.vocoders
    for vocoder in vocoders.values():
        shutil.copyfile(source / vocoder.model, folder / vocoder.model)
    return vocoders


def _write_texts(settings: VoiceSettings, vocoders: dict[Tier, VocoderConfig], folder: Path) -> None:
    config = VoiceConfig(
        format=1,
        name=settings.name,
        description=settings.description,
        license=settings.license,
        languages=(settings.language,),
        speakers=tuple(
            Speaker(name=s.name, id=i, description=s.description) for i, s in enumerate(settings.speakers)
        ),
        frontend=FrontendConfig(reader=_READERS[settings.language]),
        feature_space=settings.feature_space,
        loudness_lufs=settings.speech.loudness_lufs - _SPOKEN_BELOW_TAUGHT_LU - settings.headroom_db,
        acoustic=AcousticConfig(
            family="parallel",
            model="acoustic.onnx",
            pitch_range_semitones=_PITCH_RANGE_SEMITONES[settings.language],
            energy_range_db=ENERGY_DB,
        ),
        vocoders=vocoders,
    )
    values = {"format": 1} | config.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    values["frontend"] = config.frontend.model_dump(mode="json")
    values["feature_space"] = config.feature_space.model_dump(mode="json", exclude={"latent_name"})
    text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    (folder / "voice.yaml").write_text(text, encoding="utf-8")
    tokens = json.dumps({"tokens": token_table(settings)}, indent=0, ensure_ascii=False)
    (folder / "tokens.json").write_text(tokens + "\n", encoding="utf-8")
    shutil.copyfile(REPOSITORY / "LICENSE", folder / "LICENSE")
    rows = [
        f"| {s.name} | {s.description} | {_teacher(settings, i)} |" for i, s in enumerate(settings.speakers)
    ]
    card = _CARD.format(
        name=settings.name,
        description=settings.description,
        language=settings.language,
        rate=settings.feature_space.sample_rate_hz,
        speakers="\n".join(rows),
        further=_TONES if settings.language == "zh-CN" else "",
        license=settings.license,
        teacher_licenses=settings.teacher_licenses,
    )
    (folder / "CARD.md").write_text(card, encoding="utf-8")


def _teacher(settings: VoiceSettings, speaker: int) -> str:
    teacher = settings.speakers[speaker].teacher
    changed = f", pitch and formants x {teacher.resample:g}" if teacher.resample != 1.0 else ""
    return f"{teacher.kind} {teacher.voice}{changed}"
