"""Sambert as it is served: streams equal upstream's mels, alone and in any company, in pieces of any size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from speechmesh.acoustic.export.sambert import export_sambert
from speechmesh.acoustic.families.sambert.description import load_description
from speechmesh.acoustic.families.sambert.model import SambertItem, SambertModel
from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert
from speechmesh.acoustic.networks.sambert.symbols import parse_symbols
from speechmesh.common.errors import Incompatible

GOLDENS = Path(__file__).parents[2] / "data" / "goldens" / "sambert"
VOICES = sorted(path.name for path in (GOLDENS / "voices").iterdir())
# Fresh ONNX graphs and the exporter's own warnings.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


class Served:
    """A voice, exported, and its golden cases."""

    def __init__(self, name: str, folder: Path) -> None:
        voice = load_sambert(GOLDENS / "voices" / name)
        export_sambert(voice, folder)
        self.model = SambertModel(folder, threads=1)
        self.items, self.mels = [], []
        for case in sorted((GOLDENS / "golden" / name).iterdir()):
            text = (case / "symbols.txt").read_text(encoding="utf-8").split("\t")[1]
            encoded = voice.symbols.encode(parse_symbols(text))
            self.items.append(SambertItem(encoded.features, encoded.emotion, encoded.speaker))
            with np.load(case / "golden.npz") as golden:
                key = "mel_post_denorm" if "mel_post_denorm" in golden else "mel_post"
                self.mels.append(golden[key])

    def check(self, made: np.ndarray, case: int) -> None:
        mel = self.mels[case]
        assert made.shape == mel.shape
        np.testing.assert_allclose(made[:, :80], mel[:, :80], atol=2e-5)
        np.testing.assert_allclose(made[:, 80:], mel[:, 80:], atol=2e-3)  # F0 in Hz


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
