"""What requests are spoken with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.phrases.cache import PhraseCache
from speechmesh.frontend.reader import Reader
from speechmesh.frontend.recordings.recordings import Recordings
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.stages import Stages


@dataclass(frozen=True, slots=True)
class Means:
    """What all requests of a process are spoken with.

    Attributes:
        reader: of a voice.
        stages: the acoustic and the vocoder stage.
        phrases: what was said before.
        settings: the frontend's.
        text_executor: where text is read.
        audio_executor: where audio is coded that takes long.
        recordings: what documents may play; None: nothing.
    """

    reader: Callable[[VoiceBundle], Reader]
    stages: Stages
    phrases: PhraseCache
    settings: FrontendSettings
    text_executor: Executor
    audio_executor: Executor
    recordings: Recordings | None = None
