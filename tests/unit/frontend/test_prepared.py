"""What the acoustic stage is told of a segment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.prepared import RUN_ON_SILENCE_MS, Preparation
from speechmesh.frontend.reader import load_reader
from speechmesh.frontend.request import SpeechRequest, check
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.frontend.written import Writing


@pytest.mark.parametrize(
    ("between", "silence_ms"),
    [(" ", 0.0), ("<break time='1s'/>", 0.0), ("<break strength='none'/> ", RUN_ON_SILENCE_MS)],
)
async def test_behind_a_sentence_a_segment_keeps_its_silence_unless_it_follows_at_once(
    english: VoiceBundle, between: str, silence_ms: float
) -> None:
    document = f"<speak>One.{between}Two.</speak>"
    reader, settings = load_reader(english), FrontendSettings()
    request = SpeechRequest(text=document)
    checked = check(request, {english.name: english}, default_voice="", max_text_chars=100)
    plan = Writing(reader, english.config).plan_ssml(document, 20, 8)
    frame_ms = english.config.feature_space.frame_ms
    with ThreadPoolExecutor(1) as executor:
        preparation = Preparation(checked, plan, lambda _: reader, settings, executor)
        second = await preparation.segment(1)
    assert second is not None
    assert second.spoken.max_leading_pause_frames == round(silence_ms / frame_ms)
