"""One precision of a vocoder: made, streamed over held-out speech, and refused where it is too far from float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.common.graphs.half import to_half
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.export.card import Parity
from speechmesh.vocoder.export.material import Material
from speechmesh.vocoder.export.measure.quality import (
    Bounds,
    Figures,
    compare,
    disagreement,
    plain_words,
    recogniser_missing,
    transcribe,
)
from speechmesh.vocoder.export.options import LADDER_FRAMES, Precision
from speechmesh.vocoder.export.precision.calibration import Activations, Method
from speechmesh.vocoder.export.precision.channels_last import to_channels_last
from speechmesh.vocoder.export.precision.int8 import Layer, Range, find_layers, quantise
from speechmesh.vocoder.export.precision.search import Choice, choose_layers
from speechmesh.vocoder.export.prepare import Streaming
from speechmesh.vocoder.export.streaming import stream, whole

_SEARCH_BUDGET_S = 300.0
_JUDGED_CHUNK = LADDER_FRAMES[3]
_STREAMED_CHUNKS = (LADDER_FRAMES[0], LADDER_FRAMES[2])
# Streamed against whole. In float32 only the order of sums differs. In the others such a last bit may decide to which
# side a value is rounded, and then it is a step off: no closer than the steps are to float32, and judged as they are.
STREAMED_BOUND = 1e-4


@dataclass(frozen=True)
class Built:
    """A model's file and what was measured on it."""

    path: Path
    config: VocoderConfig
    parity: Parity
    figures: Figures | None = None
    choice: Choice | None = None
    int8_share: float | None = None
    fp32_layers: tuple[str, ...] = ()


class Builder:
    """Builds precisions of one vocoder; what they share is computed once."""

    def __init__(
        self,
        streaming: Streaming,
        space: FeatureSpace,
        material: Material,
        work: Path,
        pytorch_to_onnx: float | None,
    ) -> None:
        self._streaming, self._space, self._material, self._work = streaming, space, material, work
        self._pytorch_to_onnx = pytorch_to_onnx
        self.fp32 = self._save(streaming.model, "fp32")
        session = open_session(self.fp32)
        self._reference = self._speak(session)
        self._fp32_parity = self._parity(session, open_session(streaming.reference))
        self._int8: _Int8 | None = None
        self._heard: list[str] | None = None

    def build(self, precision: Precision, bounds: Bounds, detail: Callable[[str], None]) -> Built:
        """A precision within `bounds`; `detail` is told what it does.

        Raises:
            Incompatible: with the figures, when it is too far from float32.
        """
        if precision == "fp32":
            return Built(self.fp32, self._streaming.config, self._fp32_parity)
        if precision == "fp16":
            detail("converting")
            built = self._build_fp16(bounds)
        else:
            built = self._build_int8(bounds, detail)
        assert built.figures is not None
        _require_within(precision, built.figures, bounds)
        distance_db = built.parity.streamed_distance_db
        if distance_db is not None and distance_db > bounds.log_spectral_distance_db:
            raise Incompatible(
                f"{precision}: streamed audio is {distance_db:.2f} dB from whole, more than "
                f"{bounds.log_spectral_distance_db:g}"
            )
        return built

    def _build_fp16(self, bounds: Bounds) -> Built:
        with _rewriting("fp16"):
            model = to_half(self._streaming.model)
        path = self._save(model, "fp16")
        session = open_session(path)
        audio = self._speak(session)
        figures = compare(self._reference, audio, self._rate)
        _require_within("fp16", figures, bounds)
        figures = self._listen(figures, audio)
        parity = self._parity(session)
        return Built(path, self._streaming.config, parity, figures)

    def _build_int8(self, bounds: Bounds, detail: Callable[[str], None]) -> Built:
        if self._int8 is None:
            detail("measuring ranges")
            self._int8 = _Int8(self._streaming, self._material)
        int8 = self._int8
        if not int8.layers:
            raise Incompatible("int8: no layer of this vocoder can be computed in it")

        def evaluate(layers: list[Layer], method: Method) -> Figures:
            detail(f"{len(layers)} of {len(int8.layers)} layers, ranges by {method}")
            session = open_session(self._save(int8.quantised(layers, method), "candidate"))
            return compare(self._reference, self._speak(session), self._rate)

        choice, within = choose_layers(int8.layers, int8.cost, evaluate, bounds, _SEARCH_BUDGET_S)
        if not within:
            raise Incompatible(
                f"int8 is too far from fp32 with {len(choice.layers)} of {len(int8.layers)} layers: "
                f"{choice.figures.against(bounds)}"
            )
        tag = f"int8_{len(choice.layers)}_{choice.method}"
        path = self._save(int8.quantised(choice.layers, choice.method), tag)
        session = open_session(path)
        figures = self._listen(choice.figures, self._speak(session))
        total = sum(int8.cost(layer) for layer in int8.layers)
        return Built(
            path,
            self._streaming.config,
            self._parity(session),
            figures,
            choice,
            sum(int8.cost(layer) for layer in choice.layers) / total,
            tuple(layer.title for layer in int8.layers if layer not in choice.layers),
        )

    @property
    def _rate(self) -> int:
        return self._space.sample_rate_hz

    def _save(self, model: onnx.ModelProto, name: str) -> Path:
        path = self._work / f"{name}.onnx"
        onnx.save(model, path)
        return path

    def _speak(self, session: ort.InferenceSession) -> list[FloatArray]:
        config = self._streaming.config
        return [stream(session, config, self._space, mel, _JUDGED_CHUNK) for mel in self._material.held_out]

    def _parity(self, session: ort.InferenceSession, reference: ort.InferenceSession | None = None) -> Parity:
        """How far streamed audio is from that of one run, of the same graph where there is no reference.

        Raises:
            Incompatible: when it is over the bound.
        """
        config = self._streaming.config
        mel = self._material.held_out[0][: 4 * _JUDGED_CHUNK]
        expected = whole(reference or session, config, self._space, mel)
        streamed = [stream(session, config, self._space, mel, size) for size in _STREAMED_CHUNKS]
        if any(samples.shape != expected.shape for samples in streamed):
            raise Incompatible(
                f"streamed, {len(mel)} frames bring {len(streamed[0])} samples, not {len(expected)}"
            )
        largest = max(float(np.abs(samples - expected).max()) for samples in streamed)
        if reference is None:
            figures = compare([expected] * len(streamed), streamed, self._rate)
            return Parity(streamed_to_whole=largest, streamed_distance_db=figures.log_spectral_distance_db)
        if not largest <= STREAMED_BOUND:
            raise Incompatible(
                f"streamed audio differs from whole by {largest:.1e}, more than {STREAMED_BOUND:g}"
            )
        return Parity(pytorch_to_onnx=self._pytorch_to_onnx, streamed_to_whole=largest)

    def _listen(self, figures: Figures, audio: list[FloatArray]) -> Figures:
        """The figures with what a recogniser makes of the audio, where one can tell."""
        if not self._material.is_speech or recogniser_missing():
            return figures
        if self._heard is None:
            self._heard = transcribe(self._reference, self._rate)
        texts = transcribe(audio, self._rate)
        apart = disagreement(self._heard, texts)
        added: dict[str, float | bool] = {
            "n_words": apart.n_words,
            "word_disagreement": apart.words,
            "character_disagreement": apart.characters,
            "words_count": bool(self._material.texts),
        }
        if self._material.texts:
            known = [plain_words(text) for text in self._material.texts]
            added["word_error_rate"] = disagreement(known, texts).words
            added["fp32_word_error_rate"] = disagreement(known, self._heard).words
        return figures.model_copy(update=added)


def _require_within(precision: Precision, figures: Figures, bounds: Bounds) -> None:
    if figures.excess(bounds) > 1.0:
        raise Incompatible(f"{precision} is too far from fp32: {figures.against(bounds)}")


@contextmanager
def _rewriting(precision: Precision) -> Iterator[None]:
    """Within the block a graph is rewritten, which may be somebody's own: of an old opset, or with graphs inside.

    Raises:
        Incompatible: when the passes cannot, or what they made is no graph.
    """
    try:
        yield
    except (ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise Incompatible(f"{precision}: this graph cannot be put into it: {reason}") from error


class _Int8:
    """The layers that int8 could have, their ranges and their costs."""

    def __init__(self, streaming: Streaming, material: Material) -> None:
        with _rewriting("int8"):
            self._model = to_channels_last(streaming.model)
        self.layers = find_layers(self._model)
        self._activations = Activations(self._model, self.layers)
        config = streaming.config
        around = config.first_chunk_frames if config.stateful else 2 * (config.context_frames or 0)
        self._activations.observe(material.calibration, around)
        self._ranges: dict[Method, dict[str, Range]] = {}

    def cost(self, layer: Layer) -> float:
        """Multiplications a frame."""
        return layer.n_weights * self._activations.steps_per_frame.get(layer.inputs[0], 1)

    def quantised(self, layers: list[Layer], method: Method) -> onnx.ModelProto:
        """The graph with these layers in int8."""
        if method not in self._ranges:
            self._ranges[method] = self._activations.ranges(method)
        with _rewriting("int8"):
            return quantise(self._model, layers, self._ranges[method])
