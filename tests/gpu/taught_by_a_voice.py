"""Speech to train on where there is no teacher: a voice that ships says sentences of the corpus."""

from __future__ import annotations

import itertools

import numpy as np

from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.english.reader import EnglishReader
from speechmesh.vocoder.offline import vocode
from training.voices.corpus import read_text
from training.voices.settings import VoiceSettings
from training.voices.shards import Clip, to_pcm, write_clips
from training.voices.work import Work

_HELD_OUT = 4


def speak_corpus(voice: VoiceBundle, settings: VoiceSettings, work: Work, n: int, threads: int = 4) -> None:
    """Writes `n` clips of each speaker to learn from, and some held-out ones, with the times the voice gave them."""
    reader = EnglishReader(voice)
    acoustic = ParallelAcoustic(voice, threads)
    frame_s = voice.config.feature_space.frame_ms / 1000.0
    texts = iter(read_text(settings.corpus))
    for speaker_id, speaker in enumerate(settings.speakers):
        for part, n_clips in (("train", n), ("held_out", _HELD_OUT)):
            clips = []
            for text in itertools.islice(texts, n_clips):
                segment = reader.plan(text, max_words=40, first_max_words=40).segments[0]
                spoken = reader.tokens(segment)
                word_ends = np.zeros(len(spoken.tokens), np.bool_)
                word_ends[[word.first_token + word.n_tokens - 1 for word in spoken.words]] = True
                said = AcousticSegment(np.array(spoken.tokens), word_ends, speaker_id=speaker_id)
                made = acoustic.infer([said])[0]
                clip = Clip(
                    id=f"{part}{len(clips):05d}",
                    text=text,
                    pcm=to_pcm(vocode(voice, "fast", made.frames)),
                    tokens=tuple(voice.tokens[token] for token in spoken.tokens),
                    ends_s=tuple(frame_s * np.cumsum(made.frames_per_token)),
                    word_ends=tuple(map(bool, word_ends)),
                )
                clips.append(clip)
            write_clips(work / "speech" / speaker.name / f"{part}-0000", clips)
