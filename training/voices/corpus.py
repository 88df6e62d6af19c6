"""What the teachers shall say: sentences and fragments for each speaker, and the same held-out ones for all."""

from __future__ import annotations

import gzip
import random
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from speechmesh.common.errors import Incompatible
from training.voices.mandarin_text import pseudo_sentences
from training.voices.settings import HERE, CorpusSettings, VoiceSettings
from training.voices.work import Work, read_json, write_json

Part = Literal["train", "held_out"]

_FILE = "corpus.json"
# Most short requests are statements; the others must be heard often enough to be learnt.
_FRAGMENT_ENDS = (".", ".", ".", "?", ",", "!")
_FRAGMENT_CHARACTERS = (3, 40)
_ENGLISH = re.compile(r"[A-Za-z ,.;:'\-\"()?!]+")


@dataclass(frozen=True)
class Sentence:
    """A text for one speaker: plain text in English, words of pinyin syllables in Mandarin."""

    id: str
    part: Part
    text: str


def read_text(settings: CorpusSettings) -> list[str]:
    """The lines to choose from, each once, in the file's order.

    Raises:
        Incompatible: when there is no such file.
    """
    path = Path(settings.text)
    path = path if path.is_absolute() else HERE / path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Incompatible(f"corpus.text: {path}: {error.strerror}") from None
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    lines = (re.sub(r"\s*--\s*", ", ", line).strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if _ENGLISH.fullmatch(line)))


def fragments_of(line: str) -> list[str]:
    """The pieces between a line's punctuation that are short enough for a fragment."""
    pieces = (piece.strip(" .,\"'()?!-") for piece in re.split(r"[,;:()]", line))
    shortest, longest = _FRAGMENT_CHARACTERS
    return [piece for piece in pieces if shortest <= len(piece) <= longest]


def choose(
    lines: Sequence[str], settings: CorpusSettings, n_sentences: Sequence[int]
) -> list[list[Sentence]]:
    """The sentences of each speaker, held-out ones last; `n_sentences` says how many each speaker gets to learn.

    No speaker learns a held-out sentence, and no fragment comes of one. Speakers have different sentences as long as
    there are enough, then they share.

    Raises:
        Incompatible: when there are too few lines.
    """
    shortest, longest = settings.characters
    rng = random.Random(settings.seed)
    usable = [line for line in lines if shortest <= len(line) <= longest]
    rng.shuffle(usable)
    held_out, rest = usable[: settings.held_out], usable[settings.held_out :]
    if not rest:
        raise Incompatible(
            f"corpus: {len(usable)} usable lines are too few for {settings.held_out} held-out ones"
        )
    short = _fragments([line for line in lines if line not in set(held_out)], settings.fragments, rng)
    last = [Sentence(f"held{i:04d}", "held_out", text) for i, text in enumerate(held_out)]
    chosen, taken = [], 0
    for speaker, n in enumerate(n_sentences):
        own = [rest[(taken + i) % len(rest)] for i in range(min(n, len(rest)))]
        taken += n
        texts = own + short[speaker :: len(n_sentences)]
        rng.shuffle(texts)
        chosen.append([Sentence(f"train{i:05d}", "train", text) for i, text in enumerate(texts)] + last)
    return chosen


def _fragments(lines: Sequence[str], n: int, rng: random.Random) -> list[str]:
    pieces = list(dict.fromkeys(piece for line in lines for piece in fragments_of(line)))
    rng.shuffle(pieces)
    return [piece[0].upper() + piece[1:] + rng.choice(_FRAGMENT_ENDS) for piece in pieces[:n]]


def make_corpus(settings: VoiceSettings, work: Work) -> None:
    """Writes corpus.json."""
    numbers = [s.sentences or settings.corpus.sentences_per_speaker for s in settings.speakers]
    if settings.corpus.text == "pseudo_mandarin":
        chosen = _mandarin(settings.corpus, numbers)
    else:
        chosen = choose(read_text(settings.corpus), settings.corpus, numbers)
    speakers = {
        speaker.name: [asdict(sentence) for sentence in sentences]
        for speaker, sentences in zip(settings.speakers, chosen, strict=True)
    }
    write_json(work / _FILE, speakers)


def _mandarin(settings: CorpusSettings, numbers: Sequence[int]) -> list[list[Sentence]]:
    """Sentences and, after them, fragments for each speaker, in pinyin."""
    short = settings.fragments // len(numbers)
    # Double, because a rare sentence comes twice.
    texts = pseudo_sentences(settings.held_out + sum(numbers), settings.seed, words=(4, 12))
    pieces = pseudo_sentences(short * len(numbers), settings.seed + 1, words=(1, 3))
    held_out = [
        Sentence(f"held{i:04d}", "held_out", text) for i, text in enumerate(texts[: settings.held_out])
    ]
    chosen, taken = [], settings.held_out
    for speaker, n in enumerate(numbers):
        own = texts[taken : taken + n] + pieces[speaker * short : (speaker + 1) * short]
        random.Random(settings.seed + speaker).shuffle(own)
        taken += n
        chosen.append([Sentence(f"train{i:05d}", "train", text) for i, text in enumerate(own)] + held_out)
    return chosen


def load_corpus(work: Work, speaker: str) -> list[Sentence]:
    """The sentences of one speaker."""
    return [Sentence(**values) for values in read_json(work / _FILE)[speaker]]
