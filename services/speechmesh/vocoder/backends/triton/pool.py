"""The Triton servers in use: who they are, as DNS says it, and which of them gets a chunk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from speechmesh.common.tasks import TaskBag
from speechmesh.vocoder.backends.triton.endpoint import Endpoint, EndpointState, Wanted
from speechmesh.vocoder.backends.triton.targets import Address, Resolve, Target

log = logging.getLogger(__name__)


class Pool:
    """One endpoint an address; addresses come and go with DNS, health with the checks."""

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        attempt_timeout_s: float,
        resolve_interval_s: float,
        options: Sequence[tuple[str, Any]],
        resolve: Resolve,
    ) -> None:
        self._targets = targets
        self._attempt_timeout_s = attempt_timeout_s
        self._resolve_interval_s = resolve_interval_s
        self._options = options
        self._resolve = resolve
        self._resolved: dict[Target, tuple[Address, ...]] = {}
        self._unresolved: set[Target] = set()
        self._endpoints: dict[Address, Endpoint] = {}
        self._retired: list[Endpoint] = []
        self._turn = 0
        self._change = asyncio.Event()
        self.closed = False

    @asynccontextmanager
    async def running(self, served: Mapping[str, Wanted]) -> AsyncIterator[None]:
        """Looks the servers up and checks them for the models that are `served`, see Endpoint.watch.

        At the end the chunks that they still have are dropped.
        """
        try:
            async with TaskBag() as tasks:
                try:
                    await self._look_up(tasks, served)
                    if not all(target.is_literal for target in self._targets):
                        tasks.start(self._follow_dns(tasks, served))
                    yield
                finally:  # before the tasks end: what is dropped shall not be redone
                    self.closed = True
        finally:
            self._notify()

    @property
    def healthy(self) -> bool:
        """Whether any server is healthy."""
        return any(endpoint.healthy for endpoint in self._endpoints.values())

    def candidates(self, model_name: str) -> list[Endpoint]:
        """The servers that may get chunks of a model."""
        return [endpoint for endpoint in self._endpoints.values() if endpoint.has(model_name)]

    def healthy_endpoints(self) -> list[Endpoint]:
        """The servers that are up, whatever models they have."""
        return [endpoint for endpoint in self._endpoints.values() if endpoint.healthy]

    def reachable_endpoints(self) -> list[Endpoint]:
        """The servers that can be told what to load, healthy or without any model."""
        return [endpoint for endpoint in self._endpoints.values() if endpoint.reachable]

    def least_busy(self, endpoints: Sequence[Endpoint]) -> Endpoint:
        """The one with the fewest chunks; those with equally few take turns."""
        self._turn += 1
        first = self._turn % len(endpoints)
        return min((*endpoints[first:], *endpoints[:first]), key=lambda endpoint: endpoint.load)

    async def wait_change(self) -> None:
        """Waits until a server comes, goes, is ejected or admitted, or the pool is closed."""
        await self._change.wait()

    def counts(self) -> dict[str, int]:
        """How many of the servers in use are healthy, and how many are not; for any thread."""
        healthy = [endpoint.healthy for endpoint in list(self._endpoints.values())]
        return {"healthy": sum(healthy), "unhealthy": len(healthy) - sum(healthy)}

    def states(self) -> list[EndpointState]:
        """Every server in use, and those that left and still have chunks."""
        endpoints = {endpoint.address: endpoint for endpoint in self._retired} | self._endpoints
        return [endpoint.state for _, endpoint in sorted(endpoints.items())]

    def _notify(self) -> None:
        self._change.set()
        self._change = asyncio.Event()

    async def _follow_dns(self, tasks: TaskBag, served: Mapping[str, Wanted]) -> None:
        while True:
            await asyncio.sleep(self._resolve_interval_s)
            await self._look_up(tasks, served)

    async def _look_up(self, tasks: TaskBag, served: Mapping[str, Wanted]) -> None:
        """Takes in the addresses that came and retires those that left."""
        for target in self._targets:
            self._resolved[target] = await self._addresses(target)
        wanted = {address for addresses in self._resolved.values() for address in addresses}
        for address in self._endpoints.keys() - wanted:
            log.info("Triton at %s is no longer in DNS", address)
            endpoint = self._endpoints.pop(address)
            self._retired.append(endpoint)
            endpoint.retire()
        for address in sorted(wanted - self._endpoints.keys()):
            endpoint = Endpoint(
                address,
                attempt_timeout_s=self._attempt_timeout_s,
                options=self._options,
                changed=self._notify,
            )
            self._endpoints[address] = endpoint
            tasks.start(self._watch(endpoint, served))

    async def _addresses(self, target: Target) -> tuple[Address, ...]:
        """A target's addresses; those of before when DNS has none, as only the checks can tell that all are gone."""
        known = self._resolved.get(target, ())
        if target.is_literal:
            return known or (Address(target.host, target.port),)
        try:
            found = tuple(Address(ip, target.port) for ip in await self._resolve(target.host))
        except OSError as error:
            if target not in self._unresolved:  # said once
                log.warning("cannot resolve %s: %s", target.host, error)
            self._unresolved.add(target)
            return known
        self._unresolved.discard(target)
        return found or known

    async def _watch(self, endpoint: Endpoint, served: Mapping[str, Wanted]) -> None:
        try:
            await endpoint.watch(served)
        finally:
            with suppress(ValueError):
                self._retired.remove(endpoint)
