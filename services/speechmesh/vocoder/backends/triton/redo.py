"""What one chunk has met so far: where it may still be sent, and what it fails with when nowhere. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from speechmesh.common.errors import Incompatible, Internal, Overloaded, SpeechmeshError, Unavailable
from speechmesh.vocoder.backends.triton.endpoint import Endpoint
from speechmesh.vocoder.backends.triton.infer import Refusal, Refused


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that gave nothing."""

    endpoint: Endpoint
    refusal: Refusal


class Redo:
    """The refusals of one chunk; `last` is the latest."""

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name
        self._refused_by: set[Endpoint] = set()
        self._slow: set[Endpoint] = set()
        self._error: SpeechmeshError | None = None
        self.last: Failure | None = None
        self._broken_by: list[Endpoint] = []
        self._waited = False

    def note(self, endpoint: Endpoint, error: Refused) -> None:
        """A server refused.

        Raises:
            Internal: when the chunk would fail anywhere.
        """
        self.last = Failure(endpoint, error.refusal)
        match error.refusal:
            case Refusal.FULL:
                self._refused_by.add(endpoint)
                self._error = Overloaded("Triton's queue is full")
            case Refusal.ABSENT:
                self._refused_by.add(endpoint)
                self._error = self._error or Incompatible(
                    f"Triton does not have the model {self._model_name}"
                )
            case Refusal.WAITED | Refusal.HUNG:
                self._slow.add(endpoint)
                self._waited |= error.refusal is Refusal.WAITED
            case Refusal.BROKEN:
                self._slow.add(endpoint)
                self._broken_by.append(endpoint)
                if len(self._broken_by) > 1:  # a server's own trouble is not met twice, that of a chunk is
                    raise Internal("the vocoder failed on this chunk") from error
            case Refusal.WRONG:
                raise Internal("Triton refused the request") from error

    def allowed(self, candidates: Sequence[Endpoint]) -> list[Endpoint]:
        """Those of the candidates that may get the chunk now; none: wait for another.

        Raises:
            Overloaded: when all are full.
            Incompatible: when none has the model.
        """
        left = [endpoint for endpoint in candidates if endpoint not in self._refused_by]
        if not left and self._error is not None:
            raise self._error
        return [endpoint for endpoint in left if endpoint not in self._slow] or left

    def to_blame(self, endpoint: Endpoint) -> list[Endpoint]:
        """The servers whose model failed on this chunk, which `endpoint` then ran."""
        return [each for each in self._broken_by if each is not endpoint]

    def out_of_time(self) -> SpeechmeshError:
        """What the chunk fails with when its time is over."""
        if self._error is not None:
            return self._error
        refusal = self.last.refusal if self.last else None
        # The last attempt may have had too little time left to be refused properly.
        if refusal is Refusal.WAITED or (refusal is Refusal.HUNG and self._waited):
            return Overloaded("Triton's queue is too long")
        if refusal is Refusal.HUNG:
            return Unavailable("Triton did not answer in time")
        return Unavailable("Triton is unavailable")
