"""Sambert as it is served: streams equal upstream's mels, alone and in any company, in pieces of any size."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry import trace

from speechmesh.acoustic.batcher import Batcher
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.export.sambert import export_sambert
from speechmesh.acoustic.families import load_acoustic, speak_whole
from speechmesh.acoustic.families.precision import Precision
from speechmesh.acoustic.families.sambert.description import load_description
from speechmesh.acoustic.families.sambert.model import SambertItem, SambertModel
from speechmesh.acoustic.families.sambert.symbols import Symbols, parse_symbols
from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert
from speechmesh.common.bundle import AcousticConfig, Speaker, VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.runtime import Device

GOLDENS = Path(__file__).parents[2] / "data" / "goldens" / "sambert"
VOICES = sorted(path.name for path in (GOLDENS / "voices").iterdir())
# Fresh ONNX graphs and the exporter's own warnings.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


class Served:
    """A voice, exported, and its golden cases."""

    def __init__(self, name: str, folder: Path, device: Device = "cpu") -> None:
        voice = load_sambert(GOLDENS / "voices" / name)
        export_sambert(voice, folder)
        self.model = SambertModel(folder, threads=1, device=device)
        self.items, self.mels = [], []
        for case in sorted((GOLDENS / "golden" / name).iterdir()):
            text = (case / "symbols.txt").read_text(encoding="utf-8").split("\t")[1]
            encoded = voice.symbols.encode(parse_symbols(text))
            self.items.append(SambertItem(encoded.features, encoded.emotion, encoded.speaker))
            with np.load(case / "golden.npz") as golden:
                key = "mel_post_denorm" if "mel_post_denorm" in golden else "mel_post"
                self.mels.append(golden[key])

    def check(self, made: np.ndarray, case: int, atol: float = 2e-5) -> None:
        mel = self.mels[case]
        assert made.shape == mel.shape
        np.testing.assert_allclose(made[:, :80], mel[:, :80], atol=atol)
        np.testing.assert_allclose(made[:, 80:], mel[:, 80:], atol=100 * atol)  # F0 in Hz


@pytest.fixture(scope="module", params=VOICES)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return Served(request.param, tmp_path_factory.mktemp(request.param))


def test_every_item_equals_upstreams_mel(served: Served) -> None:
    for case, item in enumerate(served.items):
        (stream,) = served.model.begin([item])
        pieces = []
        while not stream.finished:
            (frames,) = served.model.advance([stream], 7)
            pieces.append(frames)
        served.check(np.concatenate(pieces), case)
        assert stream.durations.sum() == len(served.mels[case])


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_streams_that_come_and_go_equal_themselves_alone(served: Served, data: st.DataObject) -> None:
    """New ones join while others are under way, as a batcher lets them."""
    cases = data.draw(st.lists(st.integers(0, len(served.items) - 1), min_size=2, max_size=6))
    waiting, under_way = list(enumerate(cases)), []
    pieces: dict[int, list[np.ndarray]] = {number: [] for number, _ in waiting}
    while waiting or under_way:
        n_new = data.draw(st.integers(0 if under_way else 1, 2)) if waiting else 0
        new, waiting = waiting[:n_new], waiting[n_new:]
        if new:
            streams = served.model.begin([served.items[case] for _, case in new])
            under_way += [(number, stream) for (number, _), stream in zip(new, streams, strict=True)]
        made = served.model.advance([stream for _, stream in under_way], data.draw(st.integers(1, 9)))
        for (number, _), frames in zip(under_way, made, strict=True):
            pieces[number].append(frames)
        under_way = [(number, stream) for number, stream in under_way if not stream.finished]
    for number, case in enumerate(cases):
        served.check(np.concatenate(pieces[number]), case)


class FailsAtRun:
    """A session whose run of a number fails."""

    def __init__(self, session: object, number: int) -> None:
        self._session, self._left = session, number

    def run(self, *arguments: object) -> object:
        self._left -= 1
        if not self._left:
            raise RuntimeError("out of luck")
        return self._session.run(*arguments)  # type: ignore[attr-defined]


def test_a_run_that_fails_loses_no_frames(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams at different steps take a run of the postnet each, of which the second fails."""
    model = served.model
    (early,) = model.begin([served.items[0]])
    pieces = {id(early): list(model.advance([early], 8))}
    (late,) = model.begin([served.items[0]])
    pieces[id(late)] = []
    with monkeypatch.context() as patched:
        patched.setattr(model, "_postnet", FailsAtRun(model._postnet, 2))
        with suppress(RuntimeError):  # a short item may be finished, and then there is one run alone
            for stream, frames in zip((early, late), model.advance([early, late], 8), strict=True):
                pieces[id(stream)].append(frames)
    while not (early.finished and late.finished):
        for stream in (early, late):
            pieces[id(stream)] += model.advance([stream], 8)
    for stream in (early, late):
        served.check(np.concatenate(pieces[id(stream)]), 0)


def test_a_slower_pace_makes_more_frames(served: Served) -> None:
    item = served.items[0]
    slow = SambertItem(item.features, item.emotion, item.speaker, pace=1.5)
    plain, slower = served.model.begin([item, slow])
    assert slower.n_frames == pytest.approx(1.5 * plain.n_frames, abs=len(item.emotion))


def test_a_broken_description_is_named(tmp_path: Path) -> None:
    (tmp_path / "sambert.json").write_text('{"n_mels": 0}')
    with pytest.raises(Incompatible, match=r"sambert\.json: n_mels: .*greater than or equal to 1"):
        load_description(tmp_path / "sambert.json")
    with pytest.raises(Incompatible, match="No such file"):
        load_description(tmp_path / "nothing.json")


def bundle_of(bootstrap: VoiceBundle, folder: Path, **changes: object) -> VoiceBundle:
    """A bundle whose acoustic model is the Sambert in `folder`; the rest does not matter here."""
    values = {
        "acoustic": AcousticConfig(family="sambert", model="sambert.json"),
        "speakers": (Speaker(name="F7", id=0), Speaker(name="M7", id=1)),
        "styles": ("neutral", "happy", "sad"),
        **changes,
    }
    bundle = VoiceBundle(folder, bootstrap.config.model_copy(update=values))
    symbols = Symbols(("F7", "M7"))
    tables = {"tokens": symbols.tokens, "features": symbols.token_features}
    (folder / "tokens.json").write_text(json.dumps(tables))
    return bundle


async def test_a_crowd_in_the_batcher_equals_upstreams_mels(bootstrap: VoiceBundle, tmp_path: Path) -> None:
    served = Served("tiny_a", tmp_path)
    model = load_acoustic(bundle_of(bootstrap, tmp_path), threads=1)
    emotions = {1: "neutral", 5: "happy", 6: "sad"}
    cases = [i for i, item in enumerate(served.items) if len(set(item.emotion) - {0}) == 1]
    assert len(cases) >= 4  # those of one emotion, as a segment has
    with ThreadPoolExecutor(1) as executor:
        batcher = Batcher(model, executor, frame_s=0.0125, max_items=3, max_tokens=200, max_queued=100)
        task = asyncio.create_task(batcher.run())

        async def speak(case: int) -> list[np.ndarray]:
            item = served.items[case]
            segment = AcousticSegment(
                item.features[:, 0] + 1,
                np.zeros(len(item.emotion), np.bool_),
                speaker_id=int(item.speaker[0]),
                features=item.features[:, 1:],
                style=emotions[int(item.emotion.max())],
            )
            return [piece.frames async for piece in batcher.stream(segment, 0.0, trace.INVALID_SPAN)]

        crowd = cases * 3
        spoken = await asyncio.gather(*(speak(case) for case in crowd))
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    for case, pieces in zip(crowd, spoken, strict=True):
        served.check(np.concatenate(pieces), case)
    assert max(map(len, spoken)) > 1  # a long one left in pieces


@pytest.mark.parametrize("precision", ["auto", "fp16"])
def test_whatever_the_precision_its_graphs_run_in_float32(
    bootstrap: VoiceBundle, tmp_path: Path, precision: Precision, caplog: pytest.LogCaptureFixture
) -> None:
    Served("tiny_a", tmp_path)
    bundle = bundle_of(bootstrap, tmp_path)
    segment = AcousticSegment(np.arange(1, 9), np.zeros(8, np.bool_), features=np.zeros((8, 3), np.int64))
    plain, other = (
        speak_whole(load_acoustic(bundle, threads=1, precision=p), segment) for p in ("fp32", precision)
    )
    np.testing.assert_array_equal(plain.frames, other.frames)
    assert ("its family does not hold in fp16" in caplog.text) is (precision == "fp16")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"styles": ("neutral", "bored")}, "Sambert knows no bored"),
        ({"speakers": (Speaker(name="x", id=2),)}, "the model has none of id 2"),
    ],
)
def test_a_bundle_that_promises_more_than_the_model_has_is_refused(
    bootstrap: VoiceBundle, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    Served("tiny_a", tmp_path)
    with pytest.raises(Incompatible, match=message):
        load_acoustic(bundle_of(bootstrap, tmp_path, **changes), threads=1)


def test_a_bundle_of_other_frames_than_the_models_is_refused(bootstrap: VoiceBundle, tmp_path: Path) -> None:
    Served("tiny_a", tmp_path)
    space = bootstrap.config.feature_space.model_copy(update={"n_mels": 100})
    with pytest.raises(Incompatible, match=r"n_mels: 80, feature_space\.n_mels of voice\.yaml is 100"):
        load_acoustic(bundle_of(bootstrap, tmp_path, feature_space=space), threads=1)
