"""Metrics. Every name, unit, label and description stands here; what is measured imports its instrument from here.

What collects and shows them is `metrics_export`.

Names and units are OpenTelemetry's: seconds (`s`), bytes (`By`), counts in braces. A Prometheus scrape shows dots as
underscores and the unit behind: `speechmesh.acoustic.queue.duration` is `speechmesh_acoustic_queue_duration_seconds`.
Labels are few, and each has few values: a voice's name, an outcome, a reason; never a text, an address or an id.

To count costs 2 to 5 microseconds, 4 more inside a span that is traced, as it then keeps an exemplar: right for a chunk
or a segment, not for samples or tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

Labels = Mapping[str, str]
Values = Iterable[tuple[float, Labels]]

VOICE, OUTCOME, REASON, RESULT = "voice", "outcome", "reason", "result"
OPERATION, METHOD, KIND, CODE, TIER = "operation", "method", "kind", "code", "tier"
STAGE, SEGMENT, PRIORITY, STATE = "stage", "segment", "priority", "state"

_DURATIONS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
# Of first audio: twice as fine where it is expected.
_FIRST_AUDIO_S = (
    *(0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75),
    *(1.0, 1.5, 2.0, 3.0, 5.0, 10.0),
)
_GAPS_S = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_CHUNK_FRAMES = (4, 8, 16, 32, 64, 128, 256, 512)
_BATCH_SIZES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128)

_meter = metrics.get_meter("speechmesh")


class ObservedGauge:
    """A gauge that asks its sources when somebody collects, from the collector's thread: they only read."""

    def __init__(self, name: str, unit: str, description: str) -> None:
        self._sources: list[Callable[[], Values]] = []
        _meter.create_observable_gauge(name, [self._observe], unit, description)

    @contextmanager
    def shows(self, source: Callable[[], Values]) -> Iterator[None]:
        """Shows a source's values with their labels for as long as the block runs."""
        self._sources.append(source)
        try:
            yield
        finally:
            self._sources.remove(source)

    def _observe(self, options: CallbackOptions) -> Iterable[Observation]:
        return [
            Observation(value, dict(labels)) for source in list(self._sources) for value, labels in source()
        ]


def _histogram(name: str, unit: str, bounds: tuple[float, ...], description: str) -> metrics.Histogram:
    return _meter.create_histogram(name, unit, description, explicit_bucket_boundaries_advisory=bounds)


# Every service.
SERVING = ObservedGauge("speechmesh.serving", "{server}", "1 while health says SERVING, else 0.")
STREAMS_UNDER_WAY = _meter.create_up_down_counter(
    "speechmesh.streams.under_way", "{stream}", "Streams that are served now. method: the gRPC method."
)
STREAMS_LIMIT = ObservedGauge(
    "speechmesh.streams.limit", "{stream}", "Streams that are served at once; one more is refused."
)
MEMORY_LIMIT = ObservedGauge(
    "speechmesh.memory.limit",
    "By",
    "Memory that this process's container may have, else what the machine has.",
)
STREAMS_REFUSED = _meter.create_counter(
    "speechmesh.streams.refused",
    "{stream}",
    "Streams refused at once. reason: limit (max_streams are running) or pressure.",
)

# The acoustic stage: segments, by voice.
ACOUSTIC_SEGMENTS = _meter.create_counter(
    "speechmesh.acoustic.segments",
    "{segment}",
    "Segments that ended. outcome: served, failed, refused or cancelled (the caller left).",
)
ACOUSTIC_QUEUE = _histogram(
    "speechmesh.acoustic.queue.duration",
    "s",
    _DURATIONS_S,
    "From a segment's coming to its first run. Over compute.duration it says whether more replicas are wanted.",
)
ACOUSTIC_COMPUTE = _histogram(
    "speechmesh.acoustic.compute.duration",
    "s",
    _DURATIONS_S,
    "A segment's runs summed, as long as each batch took.",
)
ACOUSTIC_BATCH_SIZE = _histogram(
    "speechmesh.acoustic.batch.size", "{segment}", _BATCH_SIZES, "Segments in one run."
)
ACOUSTIC_OUT_OF_MEMORY = _meter.create_counter(
    "speechmesh.acoustic.out_of_memory",
    "{run}",
    "Runs for which memory did not suffice. outcome: retried (in halves) or failed (a segment alone).",
)
ACOUSTIC_QUEUED = ObservedGauge(
    "speechmesh.acoustic.segments.queued", "{segment}", "Segments that wait for their first run."
)
ACOUSTIC_UNDER_WAY = ObservedGauge(
    "speechmesh.acoustic.segments.under_way",
    "{segment}",
    "Segments of which some frames are still to be made.",
)

# The acoustic stage: voices in memory.
ACOUSTIC_VOICES_LOADED = ObservedGauge("speechmesh.acoustic.voices.loaded", "{voice}", "Voices in memory.")
ACOUSTIC_VOICES_MEMORY = ObservedGauge(
    "speechmesh.acoustic.voices.memory", "By", "Estimated memory of each loaded voice."
)
ACOUSTIC_LOADS = _meter.create_counter(
    "speechmesh.acoustic.voices.loads", "{load}", "Loadings of a voice. outcome: loaded or failed."
)
ACOUSTIC_LOAD_TIME = _histogram(
    "speechmesh.acoustic.voices.load.duration", "s", _DURATIONS_S, "Loading and warming a voice."
)
ACOUSTIC_EVICTIONS = _meter.create_counter(
    "speechmesh.acoustic.voices.evictions", "{voice}", "Voices that made room for another."
)

# The acoustic stage: the cache of frames.
ACOUSTIC_CACHE = _meter.create_counter(
    "speechmesh.acoustic.cache.requests",
    "{segment}",
    "Segments by what the cache gave. result: hit, joined (one that was being made) or miss.",
)
ACOUSTIC_CACHE_BYTES = ObservedGauge("speechmesh.acoustic.cache.size", "By", "Cached frames.")

# The acoustic stage: pressure.
ACOUSTIC_PRESSURE_LEVEL = ObservedGauge(
    "speechmesh.acoustic.pressure.level",
    "{level}",
    "0 none; 1 smaller batches; 2 asks for cheaper vocoders as well; 3 refuses new streams as well.",
)
ACOUSTIC_PRESSURE = ObservedGauge(
    "speechmesh.acoustic.pressure",
    "1",
    "reason waiting: share of their listeners' time that segments wait; memory: share of the limit that is in use.",
)
ACOUSTIC_DEVICE_MEMORY = ObservedGauge(
    "speechmesh.acoustic.device.memory",
    "By",
    "Memory of the GPU, on cuda where NVML tells it. state: used (by all processes on it) or total.",
)
ACOUSTIC_PRESSURE_STEPS = _meter.create_counter(
    "speechmesh.acoustic.pressure.steps", "{step}", "Changes of the level. outcome: up or down."
)

# The text frontend: requests. kind: text, ssml or live; of live text what is said of a request is so of a turn, except
# in `requests` itself. voice: the request's; none where it was refused before that was known.
FRONTEND_REQUESTS = _meter.create_counter(
    "speechmesh.frontend.requests",
    "{request}",
    "Requests that ended. outcome: served, cancelled (the caller left), refused (it asked wrongly, or a limit was "
    "reached before anything was heard) or failed. code: of gRPC.",
)
FRONTEND_FIRST_AUDIO = _histogram(
    "speechmesh.frontend.first_audio.duration",
    "s",
    _FIRST_AUDIO_S,
    "From a request's coming to its first audio that was sent; of live text from the turn's first text, so that the "
    "time in which it was written counts. tier: of the first segment.",
)
FRONTEND_AUDIO = _meter.create_counter(
    "speechmesh.frontend.audio",
    "s",
    "Audio sent. Its rate is the real-time factor's inverse: seconds a second.",
)
FRONTEND_GAPS = _histogram(
    "speechmesh.frontend.gaps.duration",
    "s",
    _GAPS_S,
    "Stops of over 10 ms in a playback that began with the first audio; waiting for the caller, for text or because it "
    "takes no audio, does not count.",
)
FRONTEND_GAPPED = _meter.create_counter(
    "speechmesh.frontend.requests.gapped",
    "{request}",
    "Requests whose playback stopped for over 50 ms at least once.",
)
FRONTEND_CHARACTERS = _meter.create_counter(
    "speechmesh.frontend.characters",
    "{character}",
    "Characters of the texts that were taken, as they came; of SSML its markup as well.",
)
FRONTEND_SEGMENTS = _meter.create_counter(
    "speechmesh.frontend.segments",
    "{segment}",
    "Segments of which audio was sent, by the tier that they got.",
)
FRONTEND_DEGRADED = _meter.create_counter(
    "speechmesh.frontend.segments.degraded",
    "{segment}",
    "Those of them that the load gave a tier below the voice's best.",
)
FRONTEND_TURNS = _meter.create_counter(
    "speechmesh.frontend.live.turns",
    "{turn}",
    "Turns of live text that were spoken. outcome: served (all audio was sent), interrupted before that, cancelled "
    "(the caller left) or failed.",
)
FRONTEND_INTERRUPTIONS = _meter.create_counter(
    "speechmesh.frontend.live.interruptions",
    "{interruption}",
    "Interruptions of live turns, most of which were sent whole and are still being played.",
)

# The text frontend: where the time goes, as it sees it, and what becomes of a stage that goes away.
FRONTEND_STAGE = _histogram(
    "speechmesh.frontend.stage.duration",
    "s",
    _DURATIONS_S,
    "Waiting for a stage. stage: reading (a whole text), pronouncing (a segment), acoustic (from a segment's sending "
    "to its first frames), vocoder (from these to its first audio), coding (a segment's audio), recording (one whose "
    "turn it is, until it is decoded). segment: first, whose waits add up to first audio, or later, whose waits mostly "
    "hide behind what plays.",
)
FRONTEND_STAGE_FAILURES = _meter.create_counter(
    "speechmesh.frontend.stage.failures", "{stream}", "Streams to a stage that failed. code: of gRPC."
)
FRONTEND_RETRIES = _meter.create_counter(
    "speechmesh.frontend.stage.retries", "{attempt}", "Attempts at requests whose stage had gone away."
)
FRONTEND_RESUMES = _meter.create_counter(
    "speechmesh.frontend.stage.resumes",
    "{request}",
    "Ends of such troubles. outcome: resumed (audio came again) or given_up (patience was at its end).",
)

# The text frontend: the cache of phrases.
FRONTEND_PHRASES = _meter.create_counter(
    "speechmesh.frontend.phrases.requests",
    "{phrase}",
    "Segments by what the cache gave. result: local, shared (from the store), joined (one that was being made) or "
    "miss; one whose maker left it counts as joined and then as what came of it.",
)
FRONTEND_PHRASES_BYTES = ObservedGauge("speechmesh.frontend.phrases.size", "By", "Cached audio.")
FRONTEND_PHRASES_RECORDED = ObservedGauge(
    "speechmesh.frontend.phrases.recorded", "By", "Audio of phrases that are being made."
)
FRONTEND_PHRASE_STORE_FAILURES = _meter.create_counter(
    "speechmesh.frontend.phrases.store.failures",
    "{call}",
    "Calls to the shared store that gave nothing. reason: slow, gone, refused, damaged (what it holds), or full (too "
    "many calls under way).",
)
FRONTEND_PHRASE_STORE_RESTS = _meter.create_counter(
    "speechmesh.frontend.phrases.store.rests",
    "{rest}",
    "Times that the shared store was left alone, as it had failed time after time. operation: read or write.",
)

# The text frontend: the recordings that documents play.
FRONTEND_RECORDINGS = _meter.create_counter(
    "speechmesh.frontend.recordings",
    "{recording}",
    "Recordings that documents came to. outcome: played (all of it was sent), replaced (its file cannot be played, and "
    "what it falls back to is read), left_out (that turned out at its turn only), cancelled (the caller left), "
    "refused (there was no room to decode it) or failed (a shutdown ended it).",
)
FRONTEND_RECORDINGS_CACHE = _meter.create_counter(
    "speechmesh.frontend.recordings.cache.requests",
    "{recording}",
    "Recordings by what the cache gave. result: hit or miss (it was decoded).",
)
FRONTEND_RECORDINGS_DECODE = _histogram(
    "speechmesh.frontend.recordings.decode.duration", "s", _DURATIONS_S, "Decoding a file."
)
FRONTEND_RECORDINGS_BYTES = ObservedGauge(
    "speechmesh.frontend.recordings.size", "By", "Decoded recordings, kept or being played."
)

# The vocoder stage: segments and their chunks. tier: fast, balanced or high. priority: urgent, normal or relaxed.
VOCODER_SEGMENTS = _meter.create_counter(
    "speechmesh.vocoder.segments",
    "{segment}",
    "Segments that ended. outcome: served, failed, refused or cancelled (the caller left).",
)
VOCODER_AUDIO = _meter.create_counter(
    "speechmesh.vocoder.audio", "s", "Audio made of segments that were served."
)
VOCODER_QUEUE = _histogram(
    "speechmesh.vocoder.queue.duration",
    "s",
    _DURATIONS_S,
    "A chunk's wait for its turn, before it is sent to the backend. Its count is that of the chunks.",
)
VOCODER_COMPUTE = _histogram(
    "speechmesh.vocoder.compute.duration",
    "s",
    _DURATIONS_S,
    "A chunk's time in the backend, Triton's queue and what was redone included.",
)
VOCODER_CHUNK_SIZE = _histogram(
    "speechmesh.vocoder.chunk.size", "{frame}", _CHUNK_FRAMES, "Frames of a chunk, its context included."
)
VOCODER_OVERLOADED = _meter.create_counter(
    "speechmesh.vocoder.chunks.overloaded",
    "{chunk}",
    "Times that a chunk found everything full. outcome: retried (its listener has begun to listen) or refused.",
)
VOCODER_QUEUED = ObservedGauge("speechmesh.vocoder.chunks.queued", "{chunk}", "Chunks that wait for a turn.")
VOCODER_RUNNING = ObservedGauge("speechmesh.vocoder.chunks.running", "{chunk}", "Chunks in the backend.")
VOCODER_MODELS_LOADED = ObservedGauge(
    "speechmesh.vocoder.models.loaded", "{model}", "Whether a voice's tier is loaded: 1 or 0."
)
VOCODER_MODELS_MEMORY = ObservedGauge(
    "speechmesh.vocoder.models.memory", "By", "Weights of each loaded model on each server, all copies."
)

# The vocoder stage: pressure, which tier `auto` follows.
VOCODER_PRESSURE_LEVEL = ObservedGauge(
    "speechmesh.vocoder.pressure.level", "{level}", "Tiers that `auto` stands below a voice's best."
)
VOCODER_PRESSURE = ObservedGauge(
    "speechmesh.vocoder.pressure", "1", "Share of their listeners' time that chunks wait."
)
VOCODER_PRESSURE_STEPS = _meter.create_counter(
    "speechmesh.vocoder.pressure.steps", "{step}", "Changes of the level. outcome: up or down."
)

# The vocoder stage: its Triton servers, as this process sees them.
VOCODER_TRITON_ENDPOINTS = ObservedGauge(
    "speechmesh.vocoder.triton.endpoints",
    "{endpoint}",
    "Servers in use. state: healthy or unhealthy (starting, ejected, gone).",
)
VOCODER_TRITON_EJECTIONS = _meter.create_counter(
    "speechmesh.vocoder.triton.ejections",
    "{ejection}",
    "Times that a server failed a chunk or a check, and got no more chunks until it passed one. The log says which.",
)
VOCODER_TRITON_REFUSALS = _meter.create_counter(
    "speechmesh.vocoder.triton.refusals",
    "{attempt}",
    "Attempts at a chunk of which nothing came, most of them redone elsewhere. reason: see Refusal in "
    "vocoder/backends/triton/infer.py.",
)
