"""A live stream: text goes in while audio comes out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self

import grpc

from speechmesh.client.attempts import Attempts
from speechmesh.client.errors import SpeechError, speech_error
from speechmesh.client.options import SpeechOptions
from speechmesh.client.turns import Turns
from speechmesh.speech.v1 import speech_pb2 as pb


class LiveStream:
    """Speaks turns by `speak`; or send text by `send`, and iterate over the responses in another thread.

    All but the iteration may be called by any thread. The responses are SynthesizeLiveResponse; each says its turn. A
    stream that has failed takes what is sent without a word: the iteration raises. Leaving the block cancels what is
    left.
    """

    def __init__(self, stub: Any, options: SpeechOptions, timeout_s: float | None) -> None:
        """Waits until a server has taken the stream; of one that refuses it, the iteration raises what it says."""
        self._turns = Turns()
        self._lock = threading.Lock()  # the turns are counted in the order of the messages
        opening = pb.SynthesizeLiveRequest(open=options.live())

        def start(timeout_s: float | None) -> Any:
            # Each attempt has its own: gRPC's thread takes one more message of a call that has ended, too.
            messages: SimpleQueue[pb.SynthesizeLiveRequest | None] = SimpleQueue()
            messages.put(opening)
            self._messages: SimpleQueue[pb.SynthesizeLiveRequest | None] = messages
            call = stub.SynthesizeLive(iter(messages.get, None), timeout=timeout_s)
            if not call.add_callback(lambda: messages.put(None)):
                messages.put(None)
            return call

        self._attempts = Attempts(start, timeout_s)
        try:
            self._attempts.first(_taken)
        except SpeechError:
            pass
        except BaseException:
            self._attempts.cancel()  # nobody leaves a block that was not entered
            raise

    @property
    def n_turns(self) -> int:
        """How many turns have begun."""
        return self._turns.count

    def send(self, text: str) -> None:
        """More text of the turn; the first begins one."""
        with self._lock:
            self._turns.text()
            self._messages.put(pb.SynthesizeLiveRequest(text=text))

    def flush(self) -> None:
        """All that was sent is to be spoken."""
        self._messages.put(pb.SynthesizeLiveRequest(flush=pb.Flush()))

    def end_turn(self) -> None:
        """The turn's text is complete; the next text begins another."""
        with self._lock:
            self._turns.end()
            self._messages.put(pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))

    def interrupt(self, turn: int, heard_ms: float) -> None:
        """The listener hears no more of a turn, of which `heard_ms` were played; the answer says what was heard."""
        with self._lock:
            self._turns.interrupt(turn)
            interrupt = pb.Interrupt(turn=turn, heard_ms=heard_ms)
            self._messages.put(pb.SynthesizeLiveRequest(interrupt=interrupt))

    def done(self) -> None:
        """Nothing more will be sent; the responses end when all is spoken."""
        self._messages.put(None)

    def speak(self, pieces: Iterable[str]) -> Iterator[pb.SynthesizeLiveResponse]:
        """Speaks one turn: its text is taken in a thread of its own, as it comes, while the responses are given.

        They end with the turn's summary, or with what was heard when another thread has interrupted it; no more of its
        text is taken then, nor once the iteration is left. What is left of an earlier turn may come before them. What
        `pieces` raises ends the stream and is raised.

        Raises:
            SpeechError: when the call fails.
        """
        with self._lock:
            self._turns.end()
            self._turns.text()
            turn = self._turns.count - 1
            # Begins the turn on the server as well, whenever its first text comes.
            self._messages.put(pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))
            self._messages.put(pb.SynthesizeLiveRequest(text=""))
        failures: list[BaseException] = []
        left = threading.Event()

        def send() -> None:
            try:
                for piece in pieces:
                    if left.is_set() or not self._send_of(turn, pb.SynthesizeLiveRequest(text=piece)):
                        return
                self._send_of(turn, pb.SynthesizeLiveRequest(end_turn=pb.EndTurn()))
            except BaseException as error:  # whoever iterates gets it
                # Of a turn that is over, its text may have been closed: the stream goes on.
                if not left.is_set() and self._turns.is_open(turn):
                    failures.append(error)
                    self._attempts.cancel()

        threading.Thread(target=send, daemon=True).start()
        try:
            for response in self:
                yield response
                if response.turn == turn and is_last(response):
                    return
        except Exception:
            if failures:
                raise failures[0] from None
            raise
        finally:
            left.set()

    def __iter__(self) -> Iterator[pb.SynthesizeLiveResponse]:
        try:
            yield from self._attempts.call
        except grpc.RpcError as error:
            raise speech_error(error) from None

    def _send_of(self, turn: int, message: pb.SynthesizeLiveRequest) -> bool:
        """Sends what belongs to a turn; False when that is over."""
        with self._lock:
            if not self._turns.is_open(turn):
                return False
            if message.HasField("end_turn"):
                self._turns.end()
            self._messages.put(message)
            return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._attempts.cancel()  # does nothing to a call that has ended


def _taken(call: Any) -> None:
    """Waits until the server says whether it takes the stream, which it does at once."""
    call.initial_metadata()
    if not call.is_active() and call.code() is not grpc.StatusCode.OK:
        raise speech_error(call)


def is_last(response: pb.SynthesizeLiveResponse) -> bool:
    """Whether nothing more comes of the response's turn."""
    return response.HasField("interrupted") or response.speech.HasField("summary")
