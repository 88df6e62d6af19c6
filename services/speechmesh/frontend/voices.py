"""The voices that the frontend can speak with: a reader each, and stages that fit them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from speechmesh.acoustic.v1 import acoustic_pb2
from speechmesh.common.bundle import VoiceBundle, load_bundles
from speechmesh.common.errors import Incompatible, SpeechmeshError
from speechmesh.common.features import FeatureSpace
from speechmesh.frontend.english.options import DEFAULT_OPTIONS, ReadingOptions
from speechmesh.frontend.lexicon import Lexicon, LexiconFile
from speechmesh.frontend.reader import Reader, load_reader
from speechmesh.frontend.stages import Stages
from speechmesh.vocoder.v1 import vocoder_pb2

log = logging.getLogger(__name__)

StageModel = acoustic_pb2.AcousticModel | vocoder_pb2.VocoderModel

_RETRY_S = 0.5


class Voices:
    """Voice bundles by name, with their readers."""

    def __init__(self, lexicon: Path | None = None, options: ReadingOptions = DEFAULT_OPTIONS) -> None:
        """`lexicon` is the deployment's, for all voices."""
        self._options = options
        self.bundles: dict[str, VoiceBundle] = {}
        self._readers: dict[str, Reader] = {}
        self._lexicon_path = lexicon
        self._lexicon: LexiconFile | None = None
        self._lexicons: dict[str, LexiconFile] = {}

    def reader(self, bundle: VoiceBundle) -> Reader:
        """The reader of a voice."""
        return self._readers[bundle.name]

    def lexicons(self, bundle: VoiceBundle) -> list[Lexicon]:
        """The lexicons of a voice's texts, besides a request's own: the deployment's, then the voice's."""
        files = [self._lexicon, self._lexicons.get(bundle.name)]
        return [file.current() for file in files if file is not None]

    async def load(self, voices_dir: Path, executor: Executor) -> None:
        """Loads bundles and readers in the executor and warms them.

        Raises:
            Incompatible: when a bundle is broken.
        """
        loop = asyncio.get_running_loop()
        self.bundles = await loop.run_in_executor(executor, load_bundles, voices_dir)
        if self._lexicon_path is not None:
            self._lexicon = await loop.run_in_executor(executor, LexiconFile, self._lexicon_path)
        for bundle in self.bundles.values():
            if lexicon := bundle.config.frontend.lexicon:
                path = bundle.folder / lexicon
                self._lexicons[bundle.name] = await loop.run_in_executor(executor, LexiconFile, path)
            self._readers[bundle.name] = await loop.run_in_executor(
                executor, load_reader, bundle, self._options
            )

    async def wait_for_stages(self, stages: Stages, misfit_patience_s: float) -> None:
        """Waits until both stages have told models that fit the voices; logs what keeps them, each thing once.

        Raises:
            Incompatible: naming voice and field, when for `misfit_patience_s` they have told others.
        """
        said: set[str] = set()  # what differs comes and goes while replicas of two revisions answer in turn
        misfit_since: float | None = None
        while amiss := await self._amiss(stages):
            for text, level in amiss.items():
                if text not in said:
                    log.log(level, "waiting for the stages: %s", text)
            said.update(amiss)
            misfits = [text for text, level in amiss.items() if level == logging.WARNING]
            if misfits and misfit_since is None:
                misfit_since = time.monotonic()
            if misfits and misfit_since is not None and time.monotonic() - misfit_since >= misfit_patience_s:
                raise Incompatible("; ".join(misfits))
            await asyncio.sleep(_RETRY_S)

    async def _amiss(self, stages: Stages) -> dict[str, int]:
        """What keeps the stages from serving the voices now, with the level to log it at; empty: nothing."""
        try:
            models: dict[str, Sequence[StageModel]] = {
                "acoustic": await stages.acoustic_models(),
                "vocoder": await stages.vocoder_models(),
            }
        except SpeechmeshError as error:
            return {str(error): logging.INFO}
        loaded = [{model.voice for model in of_stage} for of_stage in models.values()]
        if missing := self.bundles.keys() - set.intersection(*loaded):
            return {f"they have not loaded {', '.join(sorted(missing))}": logging.INFO}
        misfits = [
            _misfit(self.bundles[model.voice], stage, model)
            for stage, of_stage in models.items()
            for model in of_stage
            if model.voice in self.bundles
        ]
        return dict.fromkeys(filter(None, misfits), logging.WARNING)


def _misfit(bundle: VoiceBundle, stage: str, model: StageModel) -> str:
    """In which fields a stage's model differs from the voice; empty if in none."""
    what = f"voice {bundle.name!r}, {stage} stage against frontend"
    theirs = FeatureSpace.from_proto(model.feature_space)
    if differences := theirs.differences(bundle.config.feature_space):
        return f"{what}: feature spaces differ in {'; '.join(differences)}"
    if model.voice_revision != bundle.revision:
        return f"{what}: revisions differ, {model.voice_revision} against {bundle.revision}"
    return ""
