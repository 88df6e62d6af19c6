"""The card of an export: where it came from, what was measured, against which bounds. JSON, and Markdown to read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from speechmesh.common.bundle import Tier, VocoderConfig
from speechmesh.common.features import FeatureSpace
from speechmesh.vocoder.export.fingerprint import file_sha256
from speechmesh.vocoder.export.measure.quality import Bounds, Figures
from speechmesh.vocoder.export.options import Precision, Target

_COLUMNS = [
    "tier",
    "precision",
    "MB",
    "streamed = whole to",
    "log-spectral distance",
    "mel-cepstral distortion",
    "words heard otherwise",
    "RTF",
    "times fp32",
]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """The checkpoint; `architecture` is `onnx` for graphs."""

    file: str
    sha256: str
    architecture: str
    description: str
    n_parameters: int


class Parity(_Strict):
    """Largest differences of samples, full scale being 1; none where there is nothing to compare with.

    `streamed_distance_db`: for the lower precisions the log-spectral distance of streamed from whole audio.
    """

    pytorch_to_onnx: float | None = None
    streamed_to_whole: float
    streamed_distance_db: float | None = None


class SpeedPoint(_Strict):
    """What a chunk of so many frames costs with one thread; `speedup` against fp32, run in turns with it."""

    frames: int
    rtf: float
    speedup: float


class TierCard(_Strict):
    """What is known of one tier.

    `batch_speedup`: four chunks one after the other took so many times as long as in one run.
    """

    precision: Precision
    n_bytes: int
    sha256: str
    parity: Parity
    figures: Figures | None
    bounds: Bounds | None
    int8_layers: int | None = None
    int8_share: float | None = None
    range_method: str | None = None
    fp32_layers: tuple[str, ...] = ()
    speed: tuple[SpeedPoint, ...]
    ladder_frames: tuple[int, ...]
    max_batch_size: int
    batch_speedup: float

    @property
    def shown_speed(self) -> SpeedPoint:
        """The size of chunk that stands for a stream under way."""
        return min(self.speed, key=lambda point: abs(point.frames - 32))


class Card(_Strict):
    """The whole card. `notes` says what a reader must know, such as what could not be judged."""

    format: int = 1
    name: str
    fingerprint: str
    target: Target
    source: Source
    feature_space: FeatureSpace
    streaming: VocoderConfig
    streaming_note: str
    material: str
    held_out_s: float
    notes: tuple[str, ...]
    libraries: dict[str, str]
    tiers: dict[Tier, TierCard]

    def config(self, tier: Tier, file: str) -> VocoderConfig:
        """How a tier whose model lies in `file` is served."""
        of_tier = self.tiers[tier]
        return self.streaming.model_copy(
            update={
                "model": file,
                "precision": of_tier.precision,
                "ladder_frames": of_tier.ladder_frames,
                "max_batch_size": of_tier.max_batch_size,
            }
        )

    def model_name(self, tier: Tier) -> str:
        """The name under which Triton serves a tier."""
        return f"{self.name}.{tier}"


def card_path(out: Path, name: str) -> Path:
    """Where an export's card lies; the Markdown beside it."""
    return out / f"{name}.card.json"


def read_card(out: Path, name: str) -> Card | None:
    """The card of an earlier export; none if there is none, or none of this format."""
    try:
        return Card.model_validate_json(card_path(out, name).read_bytes())
    except (OSError, ValidationError):
        return None


def is_up_to_date(card: Card, out: Path, fingerprint: str) -> bool:
    """Whether the export of that fingerprint lies there whole."""
    if card.fingerprint != fingerprint:
        return False
    for tier, of_tier in card.tiers.items():
        folder = out / card.model_name(tier)
        model = folder / "1" / "model.onnx"
        if not all(path.is_file() for path in (model, folder / "config.pbtxt", folder / "vocoder.yaml")):
            return False
        if file_sha256(model) != of_tier.sha256:
            return False
    return True


def to_markdown(card: Card) -> str:
    """The card for people."""
    source, space = card.source, card.feature_space
    lines = [
        f"# {card.name}",
        "",
        f"{source.description}.",
        "",
        f"- Checkpoint: `{source.file}`, {source.architecture}, {source.n_parameters:,} parameters, "
        f"SHA-256 `{source.sha256}`",
        f"- Features: {space.n_mels} {space.kind} bins, {space.sample_rate_hz} Hz, hop {space.hop_length}",
        f"- Streaming: {card.streaming_note}",
        f"- Judged on: {card.material}, {card.held_out_s:.1f} s kept apart from calibration",
        *(f"- Note: {note}" for note in card.notes),
        "",
        *_table(
            _COLUMNS,
            [_row(tier, of_tier) for tier, of_tier in card.tiers.items()],
        ),
        "",
        "In brackets: the bound. RTF: one thread, chunks of "
        f"{next(iter(card.tiers.values())).shown_speed.frames} frames; all figures of speed, measured in turns:",
        "",
        *_speed_table(card),
        "",
        *(
            f"`{tier}` is served in chunks of {', '.join(map(str, of_tier.ladder_frames))} frames, in batches of "
            f"{of_tier.max_batch_size} at most: a batch of four ran {of_tier.batch_speedup:.2f} times as fast as "
            "four runs."
            for tier, of_tier in card.tiers.items()
        ),
        "",
        *_precisions(card),
        "Made with "
        + ", ".join(f"{name} {version}" for name, version in card.libraries.items() if version)
        + ".",
        "",
    ]
    return "\n".join(lines)


def _row(tier: str, of_tier: TierCard) -> list[str]:
    figures, bounds = of_tier.figures, of_tier.bounds
    parity, shown = of_tier.parity, of_tier.shown_speed
    row = [
        tier,
        of_tier.precision,
        f"{of_tier.n_bytes / 1e6:.1f}",
        f"{parity.streamed_to_whole:.0e}"
        + ("" if parity.streamed_distance_db is None else f", {parity.streamed_distance_db:.2f} dB"),
    ]
    if figures is None or bounds is None:
        row += ["reference", "reference", "reference"]
    else:
        words = "not run" if figures.word_disagreement is None else f"{figures.word_disagreement:.1%}"
        row += [
            f"{figures.log_spectral_distance_db:.2f} dB ({bounds.log_spectral_distance_db:g})",
            f"{figures.mel_cepstral_distortion_db:.2f} dB ({bounds.mel_cepstral_distortion_db:g})",
            f"{words} ({bounds.word_disagreement:.0%})" if figures.words_count else words,
        ]
    return [*row, f"{shown.rtf:.4f}", f"{shown.speedup:.2f}"]


def _speed_table(card: Card) -> list[str]:
    tiers = list(card.tiers)
    sizes = [point.frames for point in card.tiers[tiers[0]].speed]
    rows = [
        [str(size)]
        + [
            f"{p.rtf:.4f} ({p.speedup:.2f})"
            for tier in tiers
            for p in card.tiers[tier].speed
            if p.frames == size
        ]
        for size in sizes
    ]
    return _table(["frames", *(f"{tier}: RTF (times fp32)" for tier in tiers)], rows)


def _precisions(card: Card) -> list[str]:
    lines = []
    for tier, of_tier in card.tiers.items():
        if of_tier.parity.pytorch_to_onnx is not None and of_tier.precision == "fp32":
            lines += [f"PyTorch and ONNX differ by {of_tier.parity.pytorch_to_onnx:.0e} at most.", ""]
        if of_tier.int8_layers is not None:
            rest = ", ".join(f"`{name}`" for name in of_tier.fp32_layers) or "none"
            lines += [
                f"`{tier}`: {of_tier.int8_layers} layers with {of_tier.int8_share:.1%} of the multiplications in int8, "
                f"ranges by {of_tier.range_method}; of the layers that could be, in float32: {rest}.",
                "",
            ]
    return lines


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
