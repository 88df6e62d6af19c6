"""What is counted of segments and their chunks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from speechmesh.common import metrics
from speechmesh.common.ending import is_ending
from speechmesh.common.errors import Overloaded
from speechmesh.vocoder.backends import Priority, VocoderModel


def begin() -> None:
    """Shows the counters that alerts are about as 0: of one that first shows as 1, Prometheus sees no increase."""
    for outcome in ("retried", "refused"):
        metrics.VOCODER_OVERLOADED.add(0, {metrics.OUTCOME: outcome})


def record_chunk(
    model: VocoderModel, priority: Priority, n_frames: int, *, queue_s: float, compute_s: float
) -> None:
    """A chunk has been run."""
    tier = {metrics.TIER: model.tier}
    metrics.VOCODER_QUEUE.record(queue_s, tier | {metrics.PRIORITY: priority.name.lower()})
    metrics.VOCODER_COMPUTE.record(compute_s, tier | {metrics.VOICE: model.bundle.name})
    metrics.VOCODER_CHUNK_SIZE.record(n_frames, tier)


def record_overloaded(*, retried: bool) -> None:
    """A chunk found everything full."""
    metrics.VOCODER_OVERLOADED.add(1, {metrics.OUTCOME: "retried" if retried else "refused"})


def record_audio(model: VocoderModel, n_samples: int) -> None:
    """A segment is made whole."""
    labels = {metrics.VOICE: model.bundle.name, metrics.TIER: model.tier}
    metrics.VOCODER_AUDIO.add(n_samples / model.bundle.config.feature_space.sample_rate_hz, labels)


@contextmanager
def counted_segment(model: VocoderModel) -> Iterator[None]:
    """Counts how a segment ended that is made while the block runs."""
    outcome = "cancelled"
    try:
        yield
        outcome = "served"
    except Exception as error:
        outcome = "refused" if isinstance(error, Overloaded) else "failed"
        raise
    finally:
        if outcome == "cancelled" and is_ending():  # by our own shutdown
            outcome = "failed"
        labels = {metrics.VOICE: model.bundle.name, metrics.TIER: model.tier, metrics.OUTCOME: outcome}
        metrics.VOCODER_SEGMENTS.add(1, labels)
