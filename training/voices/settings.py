"""The settings of a voice: one YAML file each, checked before anything is computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from speechmesh.common.bundle import TIERS, Name, Tier
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]

Share = Annotated[float, Field(gt=0, lt=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Teacher(_Strict):
    resample: float = Field(
        1.0,
        ge=0.7,
        le=1.4,
        description="Factor on pitch and formants alike; the pace stays. Makes another speaker of a teacher's voice.",
    )


class FliteTeacher(_Teacher):
    """A voice of Debian's libflite1 (BSD-like licence)."""

    kind: Literal["flite"]
    voice: Literal["rms", "slt", "awb", "kal16"]


class FestivalTeacher(_Teacher):
    """A voice of festival (X11-like licence), by the Scheme call that selects it."""

    kind: Literal["festival"]
    voice: str = Field(pattern=r"^voice_[a-z0-9_]+$")


class EspeakTeacher(_Teacher):
    """A voice of espeak-ng. GPL: used here as a tool, at training time alone; nothing of it is shipped."""

    kind: Literal["espeak"]
    voice: str = "cmn-latn-pinyin"
    pitch: int = Field(50, ge=0, le=99, description="espeak-ng's own scale.")
    pitch_range: int = Field(50, ge=0, le=99, description="How far tones go; espeak-ng's own scale.")
    words_per_minute: int = Field(150, ge=80, le=300)


Teacher = Annotated[FliteTeacher | FestivalTeacher | EspeakTeacher, Field(discriminator="kind")]


class SpeakerSettings(_Strict):
    """A speaker to learn; the order in the file is the speaker's id."""

    name: Name
    description: str
    teacher: Teacher
    f0_hz: tuple[float, float] = Field(description="Where the F0 tracker looks: lowest and highest.")
    sentences: int | None = Field(
        None,
        ge=1,
        description="Instead of corpus.sentences_per_speaker, for a speaker that needs more or less.",
    )


class CorpusSettings(_Strict):
    """What is spoken."""

    text: str = Field(
        description="A file with a sentence a line, or `pseudo_mandarin` for sentences made of words."
    )
    sentences_per_speaker: int = Field(ge=1)
    fragments: int = Field(1500, ge=0, description="Short pieces with varied punctuation, over all speakers.")
    held_out: int = Field(
        200, ge=1, description="Sentences that are only evaluated on, the same for every speaker."
    )
    characters: tuple[int, int] = (25, 130)
    seed: int = 7


class SpeechSettings(_Strict):
    """How the teachers' speech is made alike."""

    loudness_lufs: float = -21.0
    true_peak_dbfs: float = Field(
        -2.5, le=-1.0, description="Of the teachers; a vocoder overshoots by up to a decibel."
    )
    fade_ms: float = Field(5.0, gt=0)
    shard_utterances: int = Field(100, ge=1)


class TrainingSettings(_Strict):
    """What every training has."""

    share: Share = Field(description="Of the run's hours.")
    steps: int | None = Field(
        None, ge=1, description="Fixed number of steps instead of a share of the hours."
    )
    learning_rate: float = Field(gt=0)
    warm_up_steps: int = Field(200, ge=0)
    checkpoint_minutes: float = Field(5.0, gt=0)
    seed: int = 1


class AcousticSettings(TrainingSettings):
    """The acoustic model's size and training."""

    width: int = Field(192, multiple_of=16)
    hidden: int = 512
    encoder_blocks: int = Field(4, ge=2)
    decoder_blocks: int = Field(6, ge=1)
    frames_per_batch: int = Field(6000, ge=100)
    average_decay: float = Field(
        0.999, ge=0, lt=1, description="Of the running average of weights that is exported."
    )


class TierSettings(TrainingSettings):
    """A vocoder tier's size and training: first on spectral losses, then with discriminators as well."""

    dim: int
    intermediate_dim: int
    layers: int
    n_fft: int = 800
    batch: int = Field(8, ge=1)
    segment_frames: int = Field(
        80,
        ge=16,
        description="Of a piece that is learnt from. The networks hear 20 to 25 frames to either side: with pieces of "
        "40 no frame is learnt with all that it hears, and a low voice comes out hoarse.",
    )
    judged: int = Field(
        4, ge=1, description="How many of a batch the discriminators hear: they cost more than the vocoder."
    )
    gan_from: float = Field(
        0.35, ge=0, le=1, description="Part of the steps after which the discriminators join."
    )
    predicted_from: float = Field(
        0.7, ge=0, le=1, description="Part after which predicted mels are mixed in."
    )
    predicted_share: float = Field(0.5, ge=0, le=1)
    discriminator_rate: float = Field(2e-4, gt=0)
    average_decay: float = Field(0.999, ge=0, lt=1)
    warm_start: Tier | None = Field(
        None, description="Tier whose trained discriminators this one starts with."
    )


class FinishingSettings(_Strict):
    """Further steps of every tier, when all are trained, in which fidelity counts for more than periodicity.

    The loss that teaches low voices their pulses costs the spectra, and with them words: the recogniser heard half a
    point fewer of them.
    """

    steps: int = Field(ge=1)
    rate: float = Field(
        gt=0, le=1, description="Factor on the tier's learning rates, which fall again from there."
    )
    periodicity_weight: float = Field(ge=0)


class VoiceSettings(_Strict):
    """The whole file."""

    name: Name
    description: str
    language: Literal["en-US", "zh-CN"]
    license: str = "Apache-2.0"
    teacher_licenses: str
    feature_space: FeatureSpace
    hours: float = Field(5.5, gt=0, description="Default of --hours: the whole run, trainings and all.")
    corpus: CorpusSettings
    speech: SpeechSettings = SpeechSettings()
    speakers: tuple[SpeakerSettings, ...] = Field(min_length=1)
    acoustic: AcousticSettings
    vocoders: dict[Tier, TierSettings] = {}
    finishing: FinishingSettings | None = None
    vocoder_of: Name | None = Field(None, description="Voice whose trained vocoders this one takes.")
    vocoder_hears: tuple[Name, ...] = Field(
        (), description="Further voices on whose speech the vocoder is trained."
    )
    headroom_db: float = Field(
        0.0,
        ge=0.0,
        le=6.0,
        description="How much quieter than taught the acoustic model speaks: room for the peaks of a vocoder, which "
        "lays its pulses otherwise than the teacher did.",
    )
    export_ladder_frames: tuple[int, ...] = (8, 16, 32, 64, 128, 256)

    @model_validator(mode="after")
    def _check(self) -> VoiceSettings:
        if bool(self.vocoders) == bool(self.vocoder_of):
            raise ValueError("either `vocoders` to train or `vocoder_of` another voice")
        shares = self.acoustic.share + sum(tier.share for tier in self.vocoders.values())
        if shares > 0.95:
            raise ValueError(
                f"the trainings' shares sum to {shares:.2f}: speech and evaluation need 0.05 of the time"
            )
        if len({s.name for s in self.speakers}) != len(self.speakers):
            raise ValueError("speakers must have different names")
        return self

    @property
    def tiers(self) -> list[Tier]:
        """The tiers to train, best first."""
        return [tier for tier in TIERS if tier in self.vocoders]


def load_settings(voice: str) -> VoiceSettings:
    """The settings of a voice by its name, or by the path of its file.

    Raises:
        Incompatible: naming the file and the field that is wrong.
    """
    path = Path(voice) if voice.endswith(".yaml") else HERE / f"{voice}.yaml"
    try:
        return VoiceSettings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise Incompatible(f"{path}: not YAML: {error}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Incompatible(f"{path}: {problems}") from None
