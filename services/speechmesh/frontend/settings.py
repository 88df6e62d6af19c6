"""Settings of the text frontend."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from speechmesh.common.settings import ServiceSettings

# What a request may bring at most, whatever the setting: its entries are looked at where no thread waits.
MAX_LEXICON_ENTRIES = 5_000
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def _redis_url(url: SecretStr) -> SecretStr:
    if (value := url.get_secret_value()) and not value.startswith(_REDIS_SCHEMES):
        raise ValueError(f"begins with none of {', '.join(_REDIS_SCHEMES)}")
    return url


def _unset_if_empty(path: object) -> object:
    """An empty variable is none: as a path it would be the working directory."""
    return None if isinstance(path, str) and not path.strip() else path


class FrontendSettings(ServiceSettings):
    """Read from `SPEECHMESH_FRONTEND_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SPEECHMESH_FRONTEND_")

    port: int = Field(50051, ge=0, le=65535, description="gRPC port; 0 picks a free one.")
    stalled_caller_s: float | None = Field(
        1800.0,
        gt=0,
        le=86_400.0,
        description="A stream whose caller takes no audio for so long is cancelled: a player may pause, but one "
        "that is forgotten would hold a place in every stage for ever.",
    )
    acoustic_target: str = Field(
        "127.0.0.1:50052",
        description="gRPC target of the acoustic stage; dns:///name:port balances over pods.",
    )
    vocoder_target: str = Field(
        "127.0.0.1:50053",
        description="gRPC target of the vocoder stage; dns:///name:port balances over pods.",
    )
    default_voice: str = Field("", description="Voice for requests that name none; empty: the first by name.")
    max_text_chars: int = Field(10_000, ge=1, description="Longest text; more is refused.")
    max_document_voices: int = Field(
        8, ge=1, description="Voices that may speak in one SSML document; one with more is refused."
    )
    max_segment_words: int = Field(20, ge=2, description="Sentences with more words are split at clauses.")
    first_segment_words: int = Field(
        8, ge=2, description="A first sentence with more words is split at its first clause, for early audio."
    )
    max_segments_in_flight: int = Field(
        4,
        ge=1,
        le=8,
        description="Segments of one request in the stages at once; not over the acoustic stage's.",
    )
    first_audio_target_ms: int = Field(
        150, ge=0, description="A new request counts as running dry this long after its arrival."
    )
    lead_silence_ms: float = Field(
        50.0,
        ge=0,
        description="Silence kept before the first word and inside sentences that are split; 0: all.",
    )
    max_trailing_silence_ms: int | None = Field(
        None,
        ge=0,
        description="The most silence that audio ends with, where the caller does not say; unset: as the voice ends.",
    )
    stage_patience_ms: int = Field(
        10_000,
        ge=0,
        description="How long a request waits for a stage that went away, before or after audio was sent, or for one "
        "that is full, after it, within the caller's deadline.",
    )
    stage_answer_ms: int = Field(
        3000,
        gt=0,
        description="How long a stage has to take a stream, before another replica is asked: one that is frozen is "
        "connected all the same.",
    )
    misfit_patience_s: float = Field(
        1800.0,
        ge=0,
        description="How long a frontend that starts waits for stages which hold its voices in another revision until "
        "it ends, saying what differs: longer than a changed voice takes to be rolled out. `speechmesh up`, whose "
        "stages start together, sets 0.",
    )
    name_emoji: bool = Field(
        False, description="Whether emoji are named in English text; else they are left out."
    )
    lexicon: Annotated[Path | None, BeforeValidator(_unset_if_empty)] = Field(
        None,
        description="File of words and how they are said, for all voices; read again when it changes; empty: none. See "
        "speechmesh.frontend.lexicon for its form.",
    )
    max_lexicon_entries: int = Field(
        500, ge=0, le=MAX_LEXICON_ENTRIES, description="Entries of a request's own lexicon; more is refused."
    )
    max_lexicon_chars: int = Field(
        50_000,
        ge=0,
        description="Characters of a request's own lexicon, words and how they are said together; more is refused. A "
        "text thread reads them in 0.1 s, in which no other text is read.",
    )
    text_threads: int = Field(1, ge=1, description="Threads that read text.")
    audio_threads: int = Field(1, ge=1, description="Threads that code audio as FLAC, MP3, Opus or AAC.")
    audio_dir: Annotated[DirectoryPath | None, BeforeValidator(_unset_if_empty)] = Field(
        None,
        description="Folder of the WAV, FLAC, Ogg and MP3 files that <audio src> of a document may name by their paths "
        "below it; empty: recordings are not played.",
    )
    audio_file_max_mib: int = Field(16, ge=1, description="Largest file of the folder that is played.")
    audio_file_max_s: float = Field(
        60.0, gt=0, le=600, description="Longest file that is played, and the longest that one is repeated."
    )
    audio_document_max_s: float = Field(
        600.0, gt=0, description="How long the recordings of one document are played together at most."
    )
    audio_file_cache_mib: int = Field(
        64,
        ge=1,
        description="Memory for all decoded recordings, kept or being played; a minute at 48 kHz takes 11 MiB.",
    )
    audio_file_threads: int = Field(1, ge=1, description="Threads that decode files of the folder.")
    phrase_cache_mib: int = Field(
        32,
        ge=0,
        description="Audio of phrases that were spoken before, kept in this process; of those that are being made as "
        "much again at most; 0: none, nor in a shared store.",
    )
    phrase_cache_redis_url: Annotated[SecretStr, AfterValidator(_redis_url)] = Field(
        SecretStr(""),
        description="Redis that the replicas share phrases by, as redis://[user:password@]host:port/0, or rediss:// "
        "with TLS; give it a maxmemory with the policy allkeys-lru; empty: none.",
    )
    phrase_cache_ttl_s: int = Field(
        7 * 24 * 3600, ge=1, description="How long the shared store keeps a phrase after it was made."
    )
    phrase_max_s: float = Field(10.0, gt=0, le=60, description="Longest phrase that is kept.")
    phrase_cache_timeout_ms: int = Field(
        20,
        ge=1,
        le=1000,
        description="How long a request waits for the shared store, which may save it the stages.",
    )
    live_hold_ms: int = Field(
        400,
        ge=0,
        description="When no live text has come for so long, what is complete of it is spoken; a word or number that "
        "may go on is held back until it does, or until the caller flushes.",
    )
    live_hungry_ms: int = Field(
        400,
        ge=0,
        description="A listener of live text with less audio left than this gets a clause before its sentence ends.",
    )
    live_idle_timeout_s: float = Field(
        600.0, gt=0, description="A live stream on which its caller says nothing for so long is ended."
    )
    max_live_turns: int = Field(
        8,
        ge=1,
        description="Turns of a live stream that wait for earlier ones to be spoken; more is refused.",
    )


MIN_RATE, MAX_RATE = 0.5, 2.0
MIN_VOLUME_DB, MAX_VOLUME_DB = -40.0, 12.0
MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ = 8_000, 48_000
MIN_LOUDNESS_LUFS, MAX_LOUDNESS_LUFS = -40.0, -10.0
MAX_SILENCE_MS = 10_000
MAX_REQUEST_ID_CHARS = 128
