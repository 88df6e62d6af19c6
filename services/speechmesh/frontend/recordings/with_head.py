"""An open file that begins with other bytes than its own."""

from __future__ import annotations

import os


class WithHead:
    """To be read as any file: the bytes of a head, then those of the file from a place on."""

    def __init__(self, descriptor: int, head: bytes, begin: int) -> None:
        """`descriptor` stays open, and where it stands does not matter; of the file, all from `begin` on is read."""
        self._descriptor = descriptor
        self._head = head
        self._begin = begin
        self._size = len(head) + max(os.fstat(descriptor).st_size - begin, 0)
        self._position = 0

    def tell(self) -> int:
        """Where it stands."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of any file."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = origin + offset
        return self._position

    def read(self, size: int = -1) -> bytes:
        """The next bytes, all of them where `size` is negative; fewer at the end."""
        left = self._size - self._position
        size = max(left if size < 0 else min(size, left), 0)
        data = self._head[self._position : self._position + size]
        if rest := size - len(data):
            at = self._position + len(data) - len(self._head) + self._begin
            data += os.pread(self._descriptor, rest, at)
        self._position += len(data)
        return data
