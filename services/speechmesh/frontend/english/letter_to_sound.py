"""Pronounces letters that no lexicon or rule knows: a small network of our own in ONNX Runtime."""

from typing import Final

import numpy as np
import onnxruntime as ort

from speechmesh.frontend.english.phones import PHONE_SET, Phones, support_stranded, with_stress
from speechmesh.frontend.english.pronunciations import read_data

MODEL_FILE: Final = "letter_to_sound.onnx"
_EDGE_ID: Final = 0
_MAX_LETTERS: Final = 64
"""A longer word is read in pieces: bounds the memory of one call, and no real word is longer."""


class LetterToSound:
    """Letters to phones, each chosen in the light of those before; made by `training/letter_to_sound`.

    The graph maps `letters` int64 [B, L] (an edge, the letters, an edge) to `phones` int64 [B, P], an edge behind the
    last of each word; 0 is the edge. The symbols stand in the file's metadata.

    Raises:
        ValueError: The model speaks phones that are not in the token set.
    """

    def __init__(self) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Words are of all lengths: these would keep what the longest took. A run is no slower without.
        options.enable_mem_pattern = options.enable_cpu_mem_arena = False
        self._session = ort.InferenceSession(
            read_data(MODEL_FILE), sess_options=options, providers=["CPUExecutionProvider"]
        )
        symbols = self._session.get_modelmeta().custom_metadata_map
        self._letter_ids = {letter: i for i, letter in enumerate(symbols["letters"], start=1)}
        self._phones = ("", *symbols["phones"].split())
        unknown = set(self._phones[1:]) - PHONE_SET
        if unknown:
            raise ValueError(f"{MODEL_FILE} speaks unknown phones: {sorted(unknown)}")

    def phones(self, word: str) -> Phones:
        """The likely pronunciation of `word`, letters [a-z'] (others are skipped); may be empty."""
        ids = [self._letter_ids[letter] for letter in word if letter in self._letter_ids]
        pieces = (ids[start : start + _MAX_LETTERS] for start in range(0, len(ids), _MAX_LETTERS))
        guessed = tuple(phone for piece in pieces for phone in self._read(piece))
        return with_stress(support_stranded(guessed))

    def _read(self, ids: list[int]) -> list[str]:
        letters = np.array([[_EDGE_ID, *ids, _EDGE_ID]], dtype=np.int64)
        (phones,) = self._session.run(["phones"], {"letters": letters})
        return [self._phones[phone] for phone in phones[0].tolist() if phone != _EDGE_ID]
