"""Where the Tritons are: the setting's names, and the addresses behind each name."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

# Addresses (IPv4 or IPv6, as text) of a host name. Raises OSError when there is no answer.
Resolve = Callable[[str], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """One server: an IP address and a port."""

    ip: str
    port: int

    def __str__(self) -> str:
        return f"[{self.ip}]:{self.port}" if ":" in self.ip else f"{self.ip}:{self.port}"

    @property
    def channel_target(self) -> str:
        """What gRPC calls it; the scheme says that there is nothing left to look up."""
        return f"{'ipv6' if ':' in self.ip else 'ipv4'}:{self}"


@dataclass(frozen=True, slots=True)
class Target:
    """A host name, or an IP literal, and a port."""

    host: str
    port: int

    @property
    def is_literal(self) -> bool:
        """Whether the host is an address itself."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True


def parse_targets(url: str) -> tuple[Target, ...]:
    """The targets of a comma-separated list of `host:port`; IPv6 in brackets, `dns:///` before a name is allowed.

    Raises:
        ValueError: naming the part that is neither.
    """
    return tuple(_parse_target(part.strip()) for part in url.split(","))


def _parse_target(text: str) -> Target:
    host, _, port = text.removeprefix("dns:///").rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is not host:port")
    return Target(host, int(port))


async def resolve_host(host: str) -> Sequence[str]:
    """All addresses of a host name, from the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return sorted({str(sockaddr[0]) for *_, sockaddr in found})
