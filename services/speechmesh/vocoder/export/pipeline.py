"""A checkpoint into served models: graph, state, precisions, checks, card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.export.build import Builder, Built
from speechmesh.vocoder.export.card import Card, SpeedPoint, TierCard
from speechmesh.vocoder.export.fingerprint import file_sha256
from speechmesh.vocoder.export.material import (
    Material,
    Utterance,
    from_mels,
    from_speech,
    from_wavs,
    noise,
    synthetic,
)
from speechmesh.vocoder.export.measure.quality import BOUNDS, Bounds, recogniser_missing
from speechmesh.vocoder.export.measure.speed import measure_batching, measure_speed
from speechmesh.vocoder.export.options import LADDER_FRAMES, MAX_BATCH_SIZE, Options, Precision
from speechmesh.vocoder.export.prepare import Offline, Streaming, offline_graph, streaming_graph
from speechmesh.vocoder.export.publish import publish, workplace
from speechmesh.vocoder.export.steps import Step, Steps

_LIBRARIES = ("speechmesh", "torch", "onnx", "onnxruntime")
_LONGEST_CHUNK_MS = 200.0
_WORTH_A_BATCH = 1.1
_SYNTHETIC_NOTE = (
    "no speech was given: ranges and bounds hold for synthetic sounds alone; --mels or --wavs is better"
)


@dataclass(frozen=True)
class Speaker:
    """A voice whose acoustic model can make mels of `space`."""

    name: str
    space: FeatureSpace
    speak: Callable[[], list[Utterance]]


def export(
    options: Options,
    fingerprint: str,
    steps: Steps,
    *,
    voice: VoiceBundle | None = None,
    speakers: tuple[Speaker, ...] = (),
    bounds: dict[Tier, Bounds] | None = None,
) -> Card:
    """Writes the models and the card; nothing at all when any tier is refused.

    `speakers` make mels where none are given, the first whose feature space fits; `voice` is where the tiers shall
    go, whose feature space must.

    Raises:
        InvalidInput: naming the option that does not fit.
        Incompatible: when the checkpoint cannot be served, or a tier is over its bounds.
    """
    with workplace(options.out, options.name) as work:
        with steps("Checkpoint to ONNX") as step:
            offline = offline_graph(options, work)
            step.remark = offline.source.description
        if voice is not None:
            voice.config.feature_space.require_equal(
                offline.space, f"--voice {voice.folder} and {offline.source.file}"
            )
        with steps("Streaming graph") as step:
            streaming = streaming_graph(offline, options.edge_frames)
            step.remark = streaming.note
        with steps("Mels to calibrate and to judge by") as step:
            material = choose_material(options, offline.space, speakers)
            step.remark = material.source
        with steps("fp32: streamed against whole"):
            builder = Builder(streaming, offline.space, material, work, offline.pytorch_to_onnx)
        built = _build_tiers(options, builder, bounds or BOUNDS, steps)
        with steps("Speed, in turns with fp32"):
            speed = _speed(options, builder, built, offline.space, material)
        card = _card(options, fingerprint, offline, streaming, material, built, speed, bounds or BOUNDS)
        with steps("Writing the repository") as step:
            publish(options.out, work, card, {tier: of_tier.path for tier, of_tier in built.items()})
            step.remark = ", ".join(card.model_name(tier) for tier in built)
    return card


def choose_material(options: Options, space: FeatureSpace, speakers: tuple[Speaker, ...]) -> Material:
    """The given mels or recordings; else what a voice says; else synthetic sounds.

    Raises:
        InvalidInput: when the given ones do not fit.
        Incompatible: when nothing was given and nothing can be made, unless only fp32 is wanted.
    """
    if options.mels is not None:
        return from_mels(options.mels, space)
    if options.wavs is not None:
        return from_wavs(options.wavs, space)
    for speaker in speakers:
        if not space.differences(speaker.space):
            return from_speech(speaker.speak, space, f"speech of the voice {speaker.name}")
    try:
        return synthetic(space)
    except Incompatible as error:
        if set(options.tiers.values()) == {"fp32"}:
            return noise(space)
        raise Incompatible(
            f"{error}: give --mels, a folder of arrays [T, {space.n_mels}], or take --tiers high=fp32"
        ) from None


def _build_tiers(
    options: Options, builder: Builder, bounds: dict[Tier, Bounds], steps: Steps
) -> dict[Tier, Built]:
    built: dict[Tier, Built] = {}
    made: dict[tuple[Precision, Bounds], Built] = {}
    for tier, precision in options.tiers.items():
        key = (precision, bounds[tier])
        with steps(f"{tier}: {precision}") as step:
            if key not in made:
                made[key] = _build(builder, tier, precision, bounds[tier], step)
            built[tier] = made[key]
            if figures := built[tier].figures:
                step.remark = figures.against(bounds[tier])
    return built


def _build(builder: Builder, tier: Tier, precision: Precision, bounds: Bounds, step: Step) -> Built:
    try:
        return builder.build(precision, bounds, step.detail)
    except Incompatible as error:
        raise Incompatible(f"tier {tier}: {error}") from None


@dataclass(frozen=True)
class Speed:
    """What a model costs, and what follows from it for how it is served."""

    points: tuple[SpeedPoint, ...]
    ladder_frames: tuple[int, ...]
    batch_speedup: float
    max_batch_size: int


def _speed(
    options: Options, builder: Builder, built: dict[Tier, Built], space: FeatureSpace, material: Material
) -> dict[Path, Speed]:
    paths = dict.fromkeys([builder.fp32, *(of_tier.path for of_tier in built.values())])
    config = next(iter(built.values())).config
    sessions = {path: (open_session(path), config) for path in paths}
    mel = material.held_out[0]
    points = measure_speed(sessions, builder.fp32, space, mel, LADDER_FRAMES)
    found = {}
    for path, (session, _) in sessions.items():
        speedup = measure_batching(session, config, mel)
        # A GPU has room for all sizes and gains by each batch; here it cannot be measured.
        gpu = options.target == "gpu"
        found[path] = Speed(
            points[path],
            LADDER_FRAMES if gpu else _ladder(points[path], space),
            round(speedup, 3),
            MAX_BATCH_SIZE if gpu or speedup >= _WORTH_A_BATCH else 1,
        )
    return found


def _ladder(points: tuple[SpeedPoint, ...], space: FeatureSpace) -> tuple[int, ...]:
    """The sizes that run within `_LONGEST_CHUNK_MS`: larger ones hold others up, and their memory is kept for ever."""
    fitting = [
        point.frames for point in points if point.rtf * point.frames * space.frame_ms <= _LONGEST_CHUNK_MS
    ]
    return tuple(fitting) or (points[0].frames,)


def _card(
    options: Options,
    fingerprint: str,
    offline: Offline,
    streaming: Streaming,
    material: Material,
    built: dict[Tier, Built],
    speed: dict[Path, Speed],
    bounds: dict[Tier, Bounds],
) -> Card:
    return Card(
        name=options.name,
        fingerprint=fingerprint,
        target=options.target,
        source=offline.source,
        feature_space=offline.space,
        streaming=streaming.config,
        streaming_note=streaming.note,
        material=material.source,
        held_out_s=sum(map(len, material.held_out)) * offline.space.frame_ms / 1000.0,
        notes=tuple(_notes(options, material, {tier: speed[b.path].points for tier, b in built.items()})),
        libraries={name: _version(name) for name in _LIBRARIES},
        tiers={
            tier: _tier_card(of_tier, options.tiers[tier], bounds[tier], speed[of_tier.path])
            for tier, of_tier in built.items()
        },
    )


def _tier_card(built: Built, precision: Precision, bounds: Bounds, speed: Speed) -> TierCard:
    return TierCard(
        precision=precision,
        n_bytes=built.path.stat().st_size,
        sha256=file_sha256(built.path),
        parity=built.parity,
        figures=built.figures,
        bounds=bounds if built.figures else None,
        int8_layers=len(built.choice.layers) if built.choice else None,
        int8_share=built.int8_share,
        range_method=built.choice.method if built.choice else None,
        fp32_layers=built.fp32_layers,
        speed=speed.points,
        ladder_frames=speed.ladder_frames,
        max_batch_size=speed.max_batch_size,
        batch_speedup=speed.batch_speedup,
    )


def _notes(options: Options, material: Material, speed: dict[Tier, tuple[SpeedPoint, ...]]) -> list[str]:
    notes: list[str] = []
    if set(options.tiers.values()) == {"fp32"}:
        return notes
    if not material.is_speech:
        notes += [_SYNTHETIC_NOTE, "no recogniser ran: it takes speech"]
    elif missing := recogniser_missing():
        notes.append(f"no recogniser ran: {missing}")
    elif not material.texts:
        notes.append(
            "the recogniser's figures have no bound here: it knows English alone, and nobody told the language"
        )
    slow = [
        tier for tier, points in speed.items() if options.tiers[tier] == "int8" and points[0].speedup < 1.0
    ]
    if slow:
        notes.append(
            f"int8 is slower than fp32 here ({', '.join(slow)}): so small a network spends its time elsewhere"
        )
    if "fp16" in options.tiers.values():
        notes.append("fp16 was run on the CPU for the check; its speed here says nothing of a GPU's")
    return notes


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
