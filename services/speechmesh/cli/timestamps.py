"""The times of what was spoken, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TextIO

from google.protobuf.message import Message

from speechmesh.client.options import TIERS
from speechmesh.speech.v1 import speech_pb2 as pb

_TIER_NAMES = {value: name for name, value in TIERS.items()}


class Timestamps:
    """Gathers the times of one text, or of one turn.

    Places (`text_start`, `text_end`) count the text's characters; times are milliseconds of its audio.
    """

    def __init__(self, text: Sequence[str], offset_ms: float) -> None:
        """`offset_ms` is where its audio begins in the file."""
        self._text = text
        self._offset_ms = offset_ms
        self._found: dict[str, list[dict[str, Any]]] = {
            "segments": [],
            "words": [],
            "phonemes": [],
            "marks": [],
        }
        self._header = pb.StreamHeader()

    def add(self, response: pb.SynthesizeResponse) -> None:
        """What a response tells."""
        if response.HasField("header"):
            self._header = response.header
        if response.HasField("segment"):
            segment = _fields(response.segment)
            segment["quality_tier"] = _TIER_NAMES.get(response.segment.quality_tier, "")
            self._found["segments"].append({**segment, "start_ms": response.offset_ms})
        for name in ("words", "phonemes", "marks"):
            self._found[name] += map(_fields, getattr(response, name))

    def document(self) -> dict[str, Any]:
        """All that was told, ready for JSON."""
        header = self._header
        return {
            "text": "".join(self._text),
            "offset_ms": self._offset_ms,
            "request_id": header.request_id,
            "voice": header.voice,
            "speaker": header.speaker,
            "language": header.language,
            **self._found,
        }


def write_json(file: TextIO, document: object) -> None:
    """Writes a document."""
    file.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _fields(message: Message) -> dict[str, Any]:
    """A message's fields by name, zeros and empty ones included."""
    return {field.name: getattr(message, field.name) for field in message.DESCRIPTOR.fields}
