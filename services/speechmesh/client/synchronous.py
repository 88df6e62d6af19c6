"""The synchronous client."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import grpc

from speechmesh.client.attempts import Attempts
from speechmesh.client.errors import SpeechError, speech_error
from speechmesh.client.files import AudioFile, check_name
from speechmesh.client.live import LiveStream
from speechmesh.client.options import CHANNEL_OPTIONS, DEFAULT_TARGET, SpeechOptions
from speechmesh.client.stream import StreamState
from speechmesh.speech.v1 import speech_pb2 as pb
from speechmesh.speech.v1 import speech_pb2_grpc


class SpeechStream(StreamState[Attempts]):
    """Audio as it comes: iterate over the responses. Leaving the block cancels what is left."""

    def __init__(self, stub: Any, request: pb.SynthesizeRequest, timeout_s: float | None) -> None:
        super().__init__(stub, request, timeout_s, Attempts)

    def __iter__(self) -> Iterator[pb.SynthesizeResponse]:
        try:
            response = self._attempts.first(_next)
            while response is not None:
                self._note(response)
                yield response
                response = _next(self._attempts.call)
        except grpc.RpcError as error:
            self._fail()
            raise speech_error(error) from None
        except SpeechError:
            self._fail()
            raise
        finally:
            self._end()

    def read(self) -> bytes:
        """All of the audio."""
        return b"".join(response.audio for response in self)

    def write(self, path: str | Path) -> pb.Summary:
        """Writes the audio into a file as it comes; returns the summary.

        Its coding is that of the options; 16-bit PCM gets a WAV header where the file is named `.wav`.

        Raises:
            SpeechError: when the call fails.
            ValueError: when the file's name says another coding.
            OSError: when the file cannot be written.
        """
        file = None
        try:
            for response in self:
                if file is None and self.header is not None:
                    check_name(path, self.header)
                    file = AudioFile(path, self.header)
                if file is not None:
                    file.add(response)
        finally:
            if file is not None:
                file.close()
        return self.summary or pb.Summary()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()


def _next(call: Any) -> pb.SynthesizeResponse | None:
    """The next response, None at the end."""
    return next(call, None)


class Client:
    """A connection to a speechmesh frontend; thread-safe.

    A call that no server takes, as none is there or the one that was goes away, is made again a few times within a
    second, as long as nothing has come of it.
    """

    def __init__(self, target: str = DEFAULT_TARGET, *, channel: grpc.Channel | None = None) -> None:
        """Connects to `target` (host:port or a gRPC target), or takes a channel of the caller's own (TLS, say)."""
        self._channel = channel or grpc.insecure_channel(target, options=CHANNEL_OPTIONS)
        self._stub = speech_pb2_grpc.SpeechServiceStub(self._channel)

    def synthesize(
        self,
        text: str,
        options: SpeechOptions | None = None,
        *,
        ssml: bool = False,
        timeout_s: float | None = None,
    ) -> SpeechStream:
        """Speaks a text, or an SSML document where `ssml` says so; audio comes as the stream is iterated.

        Raises:
            SpeechError: from the iteration, when the call fails.
        """
        request = (options or SpeechOptions()).request(text, ssml=ssml)
        return SpeechStream(self._stub, request, timeout_s)

    def live(self, options: SpeechOptions | None = None, *, timeout_s: float | None = None) -> LiveStream:
        """Speaks text that is still being written, turn by turn; to be used as a context manager.

        Raises:
            SpeechError: from the iteration, when the call fails.
        """
        return LiveStream(self._stub, options or SpeechOptions(), timeout_s)

    def voices(self, language: str = "", *, timeout_s: float = 10.0) -> list[pb.Voice]:
        """The voices, the default one first.

        Raises:
            SpeechError: when the call fails.
        """
        request = pb.ListVoicesRequest(language=language)

        def start(timeout_s: float | None) -> Any:
            return self._stub.ListVoices.future(request, timeout=timeout_s)

        attempts = Attempts(start, timeout_s)
        try:
            response: pb.ListVoicesResponse = attempts.first(lambda call: call.result())
        finally:
            attempts.cancel()
        return list(response.voices)

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
