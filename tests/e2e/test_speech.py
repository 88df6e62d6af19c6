"""The audio of the whole mesh, with Triton: understood by a recogniser, equal to offline, never mixed."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
from pocketsphinx import Decoder

from speechmesh.acoustic.domain import AcousticSegment, Ending, leading_surplus
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.client import AsyncClient, Client, SpeechOptions
from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.runtime import open_session
from speechmesh.frontend.plan import Ending as PlanEnding
from speechmesh.frontend.reader import load_reader
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from tests.e2e.conftest import UpMesh

# What is said, and how a listener would write it down word by word.
SENTENCES = {
    "The weather is nice today.": "the weather is nice today",
    "Please close the door behind you.": "please close the door behind you",
    "She bought 12 eggs and a loaf of bread.": "she bought twelve eggs and a loaf of bread",
    "We will meet again on Monday, May 5th.": "we will meet again on monday may fifth",
    "The train leaves at 7:45 in the morning.": "the train leaves at seven forty five in the morning",
    "It costs $25 to enter the museum.": "it costs twenty five dollars to enter the museum",
    "My brother works in a large hospital.": "my brother works in a large hospital",
    "Can you tell me where the station is?": "can you tell me where the station is",
    "The children are playing in the garden.": "the children are playing in the garden",
    "About 50% of the people agreed with him.": "about fifty percent of the people agreed with him",
    "Dr. Brown will see you in a few minutes.": "doctor brown will see you in a few minutes",
    "The river was over 300 miles long.": "the river was over three hundred miles long",
    "I have never been to London before.": "i have never been to london before",
    "He opened the window and looked outside.": "he opened the window and looked outside",
    "They moved to the city in 1995.": "they moved to the city in nineteen ninety five",
    "Dinner will be ready in half an hour.": "dinner will be ready in half an hour",
    "The old man told a long story about the war.": "the old man told a long story about the war",
    "There was nothing left to say.": "there was nothing left to say",
    "Our teacher gave us a difficult problem.": "our teacher gave us a difficult problem",
    "The water in this lake is very cold.": "the water in this lake is very cold",
}
# The voice's own figure on everyday sentences is 2.5 % (its README); ours may exceed it by what twenty
# sentences of about 165 words can vary.
MAX_WORD_ERROR_RATE = 0.08


def word_errors(expected: list[str], heard: list[str]) -> int:
    """Edit distance in words."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(expected, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def spelled(hypothesis: str) -> list[str]:
    text = re.sub(r"\(\d+\)", "", hypothesis.lower()).replace("dr ", "doctor ").replace(".", "")
    return text.split()


@pytest.mark.timeout(600)
def test_twenty_sentences_are_understood_by_a_recogniser(
    up_mesh: UpMesh, record_property: pytest.RecordProperty
) -> None:
    decoder = Decoder(samprate=16_000, loglevel="FATAL")
    n_errors, n_words, misheard = 0, 0, []
    with Client(up_mesh.target) as client:
        for text, words in SENTENCES.items():
            with client.synthesize(text) as stream:
                audio = stream.read()
            decoder.start_utt()
            decoder.process_raw(audio, full_utt=True)
            decoder.end_utt()
            heard = spelled(decoder.hyp().hypstr if decoder.hyp() else "")
            if errors := word_errors(words.split(), heard):
                misheard.append(f"{words!r} was heard as {' '.join(heard)!r}")
            n_errors += errors
            n_words += len(words.split())
    word_error_rate = n_errors / n_words
    record_property("word_error_rate", word_error_rate)
    print(f"word error rate {word_error_rate:.1%} ({n_errors} of {n_words} words)", *misheard, sep="\n")
    assert word_error_rate <= MAX_WORD_ERROR_RATE, misheard


TIER: Tier = "fast"
TEXT = (
    "Streaming must change nothing at all. Is this sentence, with its 3 clauses, equal to the whole? It is!"
)


def offline(bundle: VoiceBundle, text: str, speaker_id: int = 0) -> np.ndarray:
    """The same graphs, segment by segment in one piece each; leading pauses as the frontend cuts."""
    reader = load_reader(bundle)
    acoustic = ParallelAcoustic(bundle, threads=1)
    config, space = bundle.config.vocoders[TIER], bundle.config.feature_space
    vocoder = open_session(bundle.folder / config.model)
    edge = np.full((config.edge_frames, space.n_mels), space.silence, np.float32)
    trimmed = config.edge_frames * space.hop_length
    plan = reader.plan(text, max_words=20, first_max_words=8)
    pieces = []
    for index, segment in enumerate(plan.segments):
        tokens = reader.tokens(segment)
        word_ends = np.zeros(len(tokens.tokens), np.bool_)
        for word in tokens.words:
            word_ends[word.first_token + word.n_tokens - 1] = True
        continues = index > 0 and plan.ending(index - 1) is PlanEnding.CONTINUATION
        ending = Ending(plan.ending(index).value)
        (result,) = acoustic.infer([AcousticSegment(np.array(tokens.tokens), word_ends, ending, speaker_id)])
        surplus = leading_surplus(result.frames_per_token, 4 if index == 0 or continues else 0)
        mel = np.concatenate([edge, result.frames[surplus:], edge])
        pieces.append(run_chunk(vocoder, Chunk(mel, last=True)).samples[trimmed:-trimmed])
    return np.concatenate(pieces)


async def speak(client: AsyncClient, text: str, speaker: str = "") -> np.ndarray:
    options = SpeechOptions(encoding="pcm_f32le", speaker=speaker, quality_tier=TIER)
    async with client.synthesize(text, options) as stream:
        return np.frombuffer(await stream.read(), "<f4")


async def test_streamed_audio_equals_offline_audio(up_mesh: UpMesh, english: VoiceBundle) -> None:
    async with AsyncClient(up_mesh.target) as client:
        np.testing.assert_allclose(await speak(client, TEXT), offline(english, TEXT), atol=1e-4)


async def test_concurrent_requests_of_all_speakers_never_mix(up_mesh: UpMesh, english: VoiceBundle) -> None:
    speakers = english.config.speakers
    texts = [f"Listener {n} hears {n * 111} and nothing else, whoever speaks beside." for n in range(1, 13)]
    async with AsyncClient(up_mesh.target) as client:
        crowd = await asyncio.gather(
            *(speak(client, text, speakers[i % len(speakers)].name) for i, text in enumerate(texts))
        )
    for i, (text, audio) in enumerate(zip(texts, crowd, strict=True)):
        expected = offline(english, text, speakers[i % len(speakers)].id)
        np.testing.assert_allclose(audio, expected, atol=1e-4)
