"""What a frontend read as what an acoustic model takes, without the wire between them."""

from __future__ import annotations

import numpy as np

from speechmesh.acoustic.domain import AcousticSegment, Ending
from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.plan import TokenSegment


def acoustic_segment(
    read: TokenSegment,
    bundle: VoiceBundle,
    *,
    ending: str = "statement",
    speaker_id: int = 0,
    style: str = "",
    rate: float = 1.0,
    pitch_semitones: float = 0.0,
    energy_db: float = 0.0,
) -> AcousticSegment:
    """The segment that the acoustic stage would make of it."""
    word_ends = np.zeros(len(read.tokens), np.bool_)
    word_ends[[word.first_token + word.n_tokens - 1 for word in read.words]] = True
    features = [np.array(read.features[name], np.int64) for name in bundle.token_features]
    return AcousticSegment(
        np.array(read.tokens, np.int64),
        word_ends,
        Ending(ending),
        speaker_id,
        rate,
        pitch_semitones=pitch_semitones,
        energy_db=energy_db,
        features=np.stack(features, axis=1) if features else None,
        style=style,
    )
