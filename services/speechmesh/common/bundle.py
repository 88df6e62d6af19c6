"""Voice bundles: a folder with `voice.yaml`, ONNX files and a licence is a voice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePath
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace

Tier = Literal["high", "balanced", "fast"]
# Best first.
TIERS: tuple[Tier, ...] = ("high", "balanced", "fast")
# Hex digits of the digest in a vocoder's name.
_DIGEST_LENGTH = 8
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Speaker(_Strict):
    """A speaker of a voice; `id` is its index in the acoustic model's embedding."""

    name: str
    id: int = Field(0, ge=0)
    description: str = ""


class FrontendConfig(_Strict):
    """Which text frontend reads for the voice, and its token table."""

    reader: str = Field(description="Name of the text frontend, for example `english`.")
    tokens: str = Field(
        "tokens.json",
        description='JSON file {"tokens": [...]}; index = id, 0 is padding. Of acoustic models that read more of each '
        'token also "features": {name: [...]}.',
    )
    pause_token: str = "pau"
    lexicon: str | None = Field(None, description="File of words and how this voice says them.")


class AcousticConfig(_Strict):
    """The acoustic model: the family that runs it and its file."""

    family: str
    model: str
    further_files: tuple[str, ...] = Field((), description="What else belongs to the model.")
    rate_scale: float = Field(
        1.0, gt=0, description="Factor on durations at rate 1, where a model's own pace is off."
    )
    pitch_range_semitones: float = Field(
        0.0, ge=0, le=24, description="How far pitch may be shifted, up or down; 0: the model cannot."
    )
    energy_range_db: float = Field(
        0.0, ge=0, le=24, description="How far vocal effort may be raised or lowered; 0: the model cannot."
    )


class StatefulConfig(_Strict):
    """A vocoder that streams with its state: chunks of any size, nothing computed twice.

    The graph: `mel` [B, T, M], `state` [B, S], `last` [B, 1 or 2] -> `wav` [B, N], `next_state` [B, S]; see
    speechmesh.vocoder.export.stateful.
    """

    state_size: int = Field(ge=2, description="S: values in the state of one stream.")
    lag_samples: int = Field(
        ge=0,
        description="Samples by which what comes out is behind the frames that went in, but for the last chunk.",
    )
    trailing_samples: int = Field(
        0, ge=0, description="Samples by which a segment is shorter than its frames times the hop length."
    )
    min_first_frames: int = Field(
        ge=1, description="Fewest frames of a segment's first chunk, unless it is its last too."
    )


class VocoderConfig(_Strict):
    """One tier's vocoder and how it streams: with a state, or else in windows with context."""

    model: str
    precision: Literal["fp32", "fp16", "int8"] = "fp32"
    stateful: StatefulConfig | None = None
    context_frames: int | None = Field(
        None,
        ge=0,
        description="For a graph without a state (`mel` -> `wav`): frames needed on each side of a window for its "
        "middle to equal the whole.",
    )
    edge_frames: int = Field(
        0,
        ge=0,
        description="Frames of silence put around each segment and cut off its audio, for a network that was never "
        "taught how an utterance begins and ends.",
    )
    ladder_frames: tuple[int, ...] = Field(
        description="Sizes of chunks, or of windows without context, ascending; the first decides how soon the "
        "first audio comes."
    )
    max_batch_size: int = Field(8, ge=1, description="Most chunks of equal shape in one run.")

    @field_validator("ladder_frames")
    @classmethod
    def _ascending(cls, ladder: tuple[int, ...]) -> tuple[int, ...]:
        if not ladder or min(ladder) < 1 or list(ladder) != sorted(set(ladder)):
            raise ValueError("must be positive and ascending")
        return ladder

    @property
    def first_chunk_frames(self) -> int:
        """Frames of a segment's first chunk: those that its audio needs to come, and the ladder's smallest step."""
        lookahead = self.stateful.min_first_frames - 1 if self.stateful else 0
        return lookahead + self.ladder_frames[0]

    @model_validator(mode="after")
    def _streams_one_way(self) -> VocoderConfig:
        if (self.stateful is None) == (self.context_frames is None):
            raise ValueError("either `stateful` or `context_frames` says how it streams")
        if self.edge_frames and self.stateful is None:
            raise ValueError("`edge_frames` is for stateful vocoders; windows have silence as context")
        return self


class VoiceConfig(_Strict):
    """The content of `voice.yaml`."""

    format: Literal[1]
    name: Name
    description: str = ""
    license: str
    languages: tuple[str, ...] = Field(min_length=1)
    speakers: tuple[Speaker, ...] = Field(min_length=1)
    styles: tuple[str, ...] = ("neutral",)
    frontend: FrontendConfig
    feature_space: FeatureSpace
    loudness_lufs: float | None = Field(
        None,
        ge=-60,
        le=0,
        description="Integrated loudness (ITU-R BS.1770) of its speech as it comes, measured over some sentences of "
        "each speaker; without it no loudness can be asked for.",
    )
    acoustic: AcousticConfig
    vocoders: dict[Tier, VocoderConfig] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique_names(self) -> VoiceConfig:
        for what, names in (("speakers", [s.name for s in self.speakers]), ("styles", list(self.styles))):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} must have different names")
        return self


@dataclass(frozen=True)
class VoiceBundle:
    """A voice bundle on disk."""

    folder: Path
    config: VoiceConfig

    @property
    def name(self) -> str:
        """The voice's name."""
        return self.config.name

    @property
    def tiers(self) -> list[Tier]:
        """The tiers that it has, best first."""
        return [tier for tier in TIERS if tier in self.config.vocoders]

    @property
    def files(self) -> list[str]:
        """All files that decide the sound, voice.yaml but not its folder included, sorted."""
        config = self.config
        files = {"voice.yaml", config.frontend.tokens, config.acoustic.model, *config.acoustic.further_files}
        files |= {config.frontend.lexicon} if config.frontend.lexicon else set()
        return sorted(files | {vocoder.model for vocoder in config.vocoders.values()})

    @cached_property
    def _file_digests(self) -> dict[str, bytes]:
        return {name: hashlib.sha256((self.folder / name).read_bytes()).digest() for name in self.files}

    @cached_property
    def revision(self) -> str:
        """Hash of all that decides the sound: equal revision and request, equal audio.

        Reads all files when first asked for, as `vocoder_model_names` does.
        """
        digest = hashlib.sha256()
        for name, file_digest in self._file_digests.items():
            digest.update(name.encode())
            digest.update(file_digest)
        return digest.hexdigest()[:12]

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The token table; index = id.

        Raises:
            Incompatible: when the file is not a token table.
        """
        return self._token_table[0]

    @property
    def token_features(self) -> dict[str, tuple[str, ...]]:
        """What each token has besides: tables by name, in the file's order; index = id.

        Raises:
            Incompatible: when the file is not a token table.
        """
        return self._token_table[1]

    @cached_property
    def _token_table(self) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]]]:
        path = self.folder / self.config.frontend.tokens
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            features = {name: _names(table) for name, table in content.get("features", {}).items()}
            return _names(content["tokens"]), features
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Incompatible(f"{path}: not a token table ({error})") from None

    @cached_property
    def vocoder_model_names(self) -> dict[Tier, str]:
        """The name under which Triton serves each tier's vocoder, as `english.high.1a2b3c4d`.

        It ends with a digest of the tier's file and settings: what was trained anew has another name. While some
        servers have the old one and some the new, a stream that one began is then never continued by the other, which
        nothing else would tell apart: states of one architecture are of one size.
        """
        return {tier: f"{self.vocoder_label(tier)}.{self._vocoder_digest(tier)}" for tier in self.tiers}

    def vocoder_label(self, tier: Tier) -> str:
        """What people call the tier's vocoder, in whatever revision it is: `english.high`."""
        return f"{self.name}.{tier}"

    def _vocoder_digest(self, tier: Tier) -> str:
        config = self.config.vocoders[tier]
        digest = hashlib.sha256(self._file_digests[config.model])
        # Without defaults, so that a setting that a later version knows does not give all vocoders other names.
        digest.update(config.model_dump_json(exclude_defaults=True).encode())
        return digest.hexdigest()[:_DIGEST_LENGTH]


def _names(table: object) -> tuple[str, ...]:
    """A table of names out of JSON.

    Raises:
        TypeError: when it is none; a text would be taken for its letters.
    """
    if not isinstance(table, list) or not all(isinstance(name, str) for name in table):
        raise TypeError("a table is a list of texts")
    return tuple(table)


def load_bundle(folder: Path) -> VoiceBundle:
    """Reads and checks one bundle.

    Raises:
        Incompatible: naming the file and the field that is wrong.
    """
    path = folder / "voice.yaml"
    try:
        config = VoiceConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Incompatible(f"{path}: {problems}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # also: not UTF-8, a date that there is not
        raise Incompatible(f"{path}: not YAML: {error}") from None
    bundle = VoiceBundle(folder, config)
    for name in bundle.files:
        if not _lies_below(name) or not (folder / name).is_file():
            raise Incompatible(f"{path}: names {name}, which is not in the folder")
    return bundle


def _lies_below(name: str) -> bool:
    """Whether a path, as it is written, stays in its folder; links are the operator's own."""
    path = PurePath(name)
    return not path.is_absolute() and ".." not in path.parts


def load_bundles(voices_dir: Path) -> dict[str, VoiceBundle]:
    """All bundles in a folder by name, in the order of their folders' names; what begins with a dot is none.

    Raises:
        Incompatible: when there is none, two have one name, or one is broken.
    """
    bundles: dict[str, VoiceBundle] = {}
    # An import that is under way, or was killed, has its bundle there under such a name.
    folders = sorted(path.parent for path in voices_dir.glob("[!.]*/voice.yaml"))
    for folder in folders:
        bundle = load_bundle(folder)
        if bundle.name in bundles:
            raise Incompatible(f"{folder}: the name {bundle.name} is taken by {bundles[bundle.name].folder}")
        bundles[bundle.name] = bundle
    if not bundles:
        raise Incompatible(f"{voices_dir.absolute()}: no voice bundle in it")
    return bundles
