"""How an export tells what it does: steps with titles, and a remark on what came out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Step:
    """A step under way; `remark` is shown when it is done, `detail` while it runs."""

    remark = ""

    def detail(self, text: str) -> None:
        """Shows what the step does now; nothing, unless a display overrides it."""
        del text


class Steps(Protocol):
    """Makes steps: `with steps("Quantising") as step: ...`."""

    def __call__(self, title: str) -> AbstractContextManager[Step]:
        """A step that ends with its block."""
        ...


@contextmanager
def silent(title: str) -> Iterator[Step]:
    """Steps that nobody watches."""
    del title
    yield Step()
