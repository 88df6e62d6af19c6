"""A Sambert-HifiGan voice (ModelScope, KAN-TTS) as a voice bundle: acoustic graphs, vocoder tiers, voice.yaml."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import yaml

from speechmesh.acoustic.export.sambert import export_sambert
from speechmesh.acoustic.export.sambert_int8 import quantise_decoder
from speechmesh.acoustic.families import load_acoustic, speak_whole
from speechmesh.acoustic.families.sambert.model import DESCRIPTION_FILE, GRAPH_FILES
from speechmesh.acoustic.families.sambert.symbols import EMOTIONS
from speechmesh.acoustic.networks.sambert.checkpoint import SambertVoice, load_sambert
from speechmesh.cli.imports.modelscope import SourceVoice
from speechmesh.cli.segments import acoustic_segment
from speechmesh.common.bundle import (
    AcousticConfig,
    FrontendConfig,
    Speaker,
    Tier,
    VocoderConfig,
    VoiceBundle,
    VoiceConfig,
    load_bundle,
)
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.frontend.reader import load_reader
from speechmesh.vocoder.export.card import Card
from speechmesh.vocoder.export.description import MODEL_FILE
from speechmesh.vocoder.export.material import Utterance
from speechmesh.vocoder.export.options import Options, Precision, require_name
from speechmesh.vocoder.export.pipeline import Speaker as SpeakingVoice
from speechmesh.vocoder.export.pipeline import export
from speechmesh.vocoder.export.steps import Steps
from speechmesh.vocoder.networks.checkpoint import load_checkpoint

_ACOUSTIC = "acoustic"
_TOKENS = "tokens.json"
_SENTENCE_END = "#4"
# What is known of each emotion's embedding is that it is there, not that it was trained: a voice of one manner has
# all of them, too. Those that ModelScope's speakers of many emotions name are taken for those alone.
_STYLES = tuple(name.removeprefix("emotion_") for name in EMOTIONS if "placeholder" not in name)[1:]
_MANY_EMOTIONS = "_emo"
_COMMON_STYLES = ("neutral", "happy", "angry", "sad", "fear", "hate", "surprise")

# News, talk and numbers; every third is judged by, the others calibrate.
_SENTENCES = (
    "今天早上，城里下了一场大雨，街上几乎没有行人。",
    "请问去火车站怎么走？",
    "这家公司去年的收入比前年增长了百分之十二。",
    "孩子们在公园里放风筝，笑声传得很远。",
    "科学家发现，植物也会对声音作出反应。",
    "别着急，我们还有半个小时。",
    "奶奶做的红烧肉又香又软，谁都爱吃。",
    "明天北京晴，最高气温二十七摄氏度，西北风三到四级。",
    "他把那本厚厚的词典轻轻地放回了书架。",
    "如果你愿意，周末可以跟我们一起去爬山。",
    "春节期间，全国铁路发送旅客超过三亿人次。",
    "月亮出来了，湖面上闪着银色的光。",
)


AcousticPrecision = Literal["fp32", "int8"]
# Error of the mels over their deviation, of which eight bits may have so much. No figure of quality stands behind it
# but this: at a twentieth the vocoder's own eight bits are the greater fault.
_MOST_INT8_ERROR = 0.05


@dataclass(frozen=True)
class Wanted:
    """What is asked of an import. `styles` empty: those that the voice is known for."""

    name: str
    out: Path
    tiers: dict[Tier, Precision]
    styles: tuple[str, ...] = ()
    license: str = ""
    force: bool = False
    acoustic_precision: AcousticPrecision = "fp32"


def bundle_name(voice: str) -> str:
    """A bundle's name of a voice's."""
    return re.sub(r"[^a-z0-9_-]+", "-", voice.lower()).strip("-_")[:63] or "voice"


def import_voice(source: SourceVoice, wanted: Wanted, steps: Steps) -> tuple[VoiceBundle, Card]:
    """Makes the bundle `wanted.out/wanted.name`, whole or not at all.

    Raises:
        InvalidInput: naming the option that does not fit.
        Incompatible: naming the file and what is wrong with it.
    """
    require_name(wanted.name)
    target = wanted.out / wanted.name
    if target.exists() and not wanted.force:
        raise InvalidInput("--name", f"{target} is there already; --force replaces it")
    styles = _styles(wanted.styles)
    partial = wanted.out / f".{wanted.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        (partial / _ACOUSTIC).mkdir(parents=True)
    except OSError as error:
        raise InvalidInput("--out", f"{wanted.out}: {error.strerror}") from None
    try:
        with steps("Acoustic model and vocoder: checkpoints") as step:
            voice = load_sambert(source.folder)
            _check_vocoder(source, voice)
            speakers = ", ".join(voice.symbols.speakers)
            step.remark = f"Sambert, {_n_parameters(voice) / 1e6:.2f} M parameters, speakers {speakers}"
        with steps("Sambert to ONNX"):
            export_sambert(voice, partial / _ACOUSTIC)
        bundle = _begin_bundle(partial, source, voice, wanted, styles or _known_styles(voice))
        if wanted.acoustic_precision == "int8":
            with steps("Sambert's decoder in eight bits") as step:
                step.remark = _quantise(bundle)
        card = _export_vocoder(source, bundle, wanted, steps)
        with steps("The bundle, spoken with once") as step:
            config = _place(bundle, card, partial)
            _write_config(partial / "voice.yaml", config)
            step.remark = _try_out(load_bundle(partial))
        _replace(target, partial)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return load_bundle(target), card


def _styles(names: Sequence[str]) -> tuple[str, ...]:
    if unknown := [name for name in names if name not in _STYLES]:
        raise InvalidInput("--styles", f"{unknown[0]!r} is not one of {', '.join(_STYLES)}")
    if len(set(names)) != len(names):
        raise InvalidInput("--styles", "one is there twice")
    return tuple(names)


def _known_styles(voice: SambertVoice) -> tuple[str, ...]:
    many = any(speaker.endswith(_MANY_EMOTIONS) for speaker in voice.symbols.speakers)
    return _COMMON_STYLES if many else _COMMON_STYLES[:1]


def _check_vocoder(source: SourceVoice, voice: SambertVoice) -> None:
    """That the vocoder takes what the acoustic model makes, before anything is exported.

    Raises:
        Incompatible: naming the fields that differ.
    """
    if voice.symbols.reads_bytes:
        raise Incompatible(
            f"{source.folder / 'am'}: a model that reads bytes; no text frontend is there for it"
        )
    vocoder = load_checkpoint(source.folder / "voc")
    voice.feature_space.require_equal(vocoder.feature_space, f"{source.folder}, am and voc")


def _n_parameters(voice: SambertVoice) -> int:
    return sum(parameter.numel() for parameter in voice.network.parameters())


def _begin_bundle(
    folder: Path, source: SourceVoice, voice: SambertVoice, wanted: Wanted, styles: tuple[str, ...]
) -> VoiceBundle:
    """The bundle as far as it can speak frames; its vocoders are not there yet."""
    tables = {"tokens": voice.symbols.tokens, "features": voice.symbols.token_features}
    (folder / _TOKENS).write_text(json.dumps(tables, ensure_ascii=False) + "\n", encoding="utf-8")
    license_file = next(
        (f for f in (source.folder, source.folder.parent.parent) if (f / "LICENSE").is_file()), None
    )
    if license_file:
        shutil.copyfile(license_file / "LICENSE", folder / "LICENSE")
    config = VoiceConfig(
        format=1,
        name=wanted.name,
        description=f"{source.name}, a Sambert-HifiGan voice",
        license=wanted.license or "that of the model it was imported from",
        languages=("zh-CN",),
        speakers=tuple(Speaker(name=name, id=i) for i, name in enumerate(voice.symbols.speakers)),
        styles=styles,
        frontend=FrontendConfig(reader="sambert", tokens=_TOKENS, pause_token=_SENTENCE_END),
        feature_space=voice.feature_space,
        acoustic=AcousticConfig(
            family="sambert",
            model=f"{_ACOUSTIC}/{DESCRIPTION_FILE}",
            further_files=tuple(f"{_ACOUSTIC}/{name}" for name in GRAPH_FILES),
        ),
        # Until the vocoder is there, whose export wants to hear the voice.
        vocoders={"high": VocoderConfig(model="vocoder.high.onnx", context_frames=0, ladder_frames=(8,))},
    )
    return VoiceBundle(folder, config)


def _quantise(bundle: VoiceBundle) -> str:
    """The decoder in eight bits, judged by what it makes of whole sentences, each step hearing its own last one.

    Raises:
        Incompatible: when they are too far from what they were.
    """
    before = [utterance.mel for utterance in _speak(bundle)]
    quantise_decoder(bundle.folder / _ACOUSTIC)
    after = [utterance.mel for utterance in _speak(bundle)]
    difference = np.concatenate(after) - np.concatenate(before)
    error = float(np.sqrt(np.square(difference).mean(0) / np.concatenate(before).var(0).clip(1e-6)).max())
    if not error <= _MOST_INT8_ERROR:
        raise Incompatible(
            f"--acoustic int8: a bin of the mels is off by {error:.1%} of its deviation, {_MOST_INT8_ERROR:.0%} are "
            "allowed; --acoustic fp32 leaves it as it is"
        )
    return f"the worst bin is off by {error:.2%} of its deviation (bound {_MOST_INT8_ERROR:.0%})"


def _export_vocoder(source: SourceVoice, bundle: VoiceBundle, wanted: Wanted, steps: Steps) -> Card:
    options = Options(
        checkpoint=source.folder / "voc", name=wanted.name, tiers=wanted.tiers, out=bundle.folder / ".models"
    )
    speaking = SpeakingVoice(bundle.name, bundle.config.feature_space, lambda: _speak(bundle))
    try:
        return export(options, "", steps, speakers=(speaking,))
    except Incompatible as error:
        if set(wanted.tiers.values()) == {"fp32"}:
            raise
        raise Incompatible(f"{error}; --tiers high=fp32 leaves the other precisions out") from None


def _speak(bundle: VoiceBundle) -> list[Utterance]:
    """Everyday sentences in the voice, its speakers in turns. No recogniser here knows Chinese: no texts."""
    reader, model = load_reader(bundle), load_acoustic(bundle, threads=1)
    utterances = []
    for i, sentence in enumerate(_SENTENCES):
        speaker = bundle.config.speakers[i % len(bundle.config.speakers)]
        frames = []
        for part in reader.plan(sentence, max_words=40, first_max_words=40).segments:
            segment = acoustic_segment(reader.tokens(part), bundle, speaker_id=speaker.id)
            frames.append(speak_whole(model, segment).frames)
        utterances.append(Utterance(np.concatenate(frames)))
    return utterances


def _place(bundle: VoiceBundle, card: Card, folder: Path) -> VoiceConfig:
    """The vocoder's models into the bundle; the configuration that names them."""
    models = folder / ".models"
    vocoders = {}
    for tier in card.tiers:
        file = f"vocoder.{tier}.onnx"
        shutil.move(models / card.model_name(tier) / MODEL_FILE, folder / file)
        vocoders[tier] = card.config(tier, file)
    shutil.rmtree(models)
    return bundle.config.model_copy(update={"vocoders": vocoders})


def _write_config(path: Path, config: VoiceConfig) -> None:
    values = config.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    # Speakers by index, and the tiers' models, stay readable: one line each.
    text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    path.write_text(text, encoding="utf-8")


def _try_out(bundle: VoiceBundle) -> str:
    """Speaks a sentence with each tier, as the stages would; tells how long it is.

    Raises:
        Incompatible: when what comes is not sound.
    """
    from speechmesh.vocoder.offline import vocode  # noqa: PLC0415 - opens sessions of its own

    frames = _speak(bundle)[0].mel
    for tier in bundle.config.vocoders:
        samples = vocode(bundle, tier, frames)
        if not (len(samples) and np.isfinite(samples).all()):
            raise Incompatible(f"{bundle.folder}: tier {tier} gives no sound: check the checkpoints")
    return f"{len(samples) / bundle.config.feature_space.sample_rate_hz:.1f} s of speech"


def _replace(target: Path, partial: Path) -> None:
    """Puts the finished bundle in its place."""
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)
