"""What the acoustic stage is told of a segment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from speechmesh.common.bundle import VoiceBundle
from speechmesh.frontend.bounded import bounded_rates
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


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        (1.5, "One. <prosody rate='1.8'>Two.</prosody> Three.", ["Two."]),
        (0.6, "<emphasis>One.</emphasis> <prosody rate='60%'>Two. And three.</prosody>", ["Two."]),
        (1.6, "<prosody rate='125%'>One.</prosody>", []),  # 2, but for what a float32 makes of it
        (0.0, "<prosody rate='x-fast'>One.</prosody>", []),
    ],
)
async def test_a_rate_that_request_and_document_push_over_the_bounds_together_is_told(
    english: VoiceBundle, asked: float, body: str, told: list[str]
) -> None:
    document = f"<speak>{body}</speak>"
    reader, settings = load_reader(english), FrontendSettings()
    request = SpeechRequest(text=document, rate=float(np.float32(asked)))
    checked = check(request, {english.name: english}, default_voice="", max_text_chars=200)
    plan = Writing(reader, english.config).plan_ssml(document, 20, 8)
    warnings = bounded_rates(checked, plan.segments)
    assert {warning.code for warning in warnings} <= {"SSML_VALUE_CLAMPED"}
    assert [document[warning.start : warning.end] for warning in warnings] == told
    with ThreadPoolExecutor(1) as executor:
        preparation = Preparation(checked, plan, lambda _: reader, settings, executor)
        for index in range(len(plan.segments)):
            segment = await preparation.segment(index)
            assert segment is not None
            assert 0.5 <= segment.spoken.rate <= 2.0
