"""Customers' servers and how far each has come: by the store, else by the directory, else by the rules (S1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mailsend.mailer.clock import monotonic
from mailsend.mailer.directory import CachedDirectory
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.server import Server, ServerState

if TYPE_CHECKING:
    from mailsend.mailer.directory import Directory
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.model.rules import Customer, CustomerServer, Scope
    from mailsend.store import ServerBook

__all__ = ["ServerStates", "by_rules", "released_among"]

FRESH = 1.0  # seconds until another process's step counts here
MOST_CUSTOMERS = 10_000  # whose servers are remembered

Own = tuple[OfferedServer, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    at: float
    basis: tuple[object, ...]
    own: Own


class ServerStates:
    """Gives the servers that a customer's mail may take, each with its state."""

    def __init__(self, door: StoreDoor, directory: Directory | None) -> None:
        self._door = door
        inner = directory.wrapped if isinstance(directory, CachedDirectory) else directory
        self._told: Callable[[str, Server], Any] | None = getattr(inner, "server_state", None)
        self._kept: dict[str, _Kept] = {}

    def asks(self, scope: Scope) -> bool:
        """Whether more than the rules has to be looked at for mail of ``scope``."""
        return scope.customer is not None and (self._door.is_there or self._told is not None)

    def own(self, scope: Scope) -> Own:
        """Give the servers of a scope's customer; raises StoreError."""
        customer = scope.customer
        assert customer is not None  # asks said so
        if not self._door.is_there:
            return tuple(_offered(customer, one, self._state(customer, one)) for one in _servers(customer))
        kept = self._fresh(customer)
        return self._read(customer) if kept is None else kept

    async def own_async(self, scope: Scope) -> Own:
        """Give the same without keeping a loop waiting for a database; the directory may be ``async``."""
        import asyncio

        customer = scope.customer
        assert customer is not None  # asks said so
        if self._door.is_there:
            kept = self._fresh(customer)
            return await asyncio.to_thread(self._read, customer) if kept is None else kept
        return tuple(
            [_offered(customer, one, await self._awaited(customer, one)) for one in _servers(customer)]
        )

    def book(self, what: str = "the state of servers") -> ServerBook:
        """Give the store's book of servers; raises StoreError where there is no store."""
        return self._door.open(what).servers

    @property
    def has_book(self) -> bool:
        """Whether a store keeps the states."""
        return self._door.is_there

    def forget(self, customer: str) -> None:
        """Look anew for this customer: something has just been changed."""
        self._kept.pop(customer, None)

    def _fresh(self, customer: Customer) -> Own | None:
        kept = self._kept.get(customer.name)
        if kept is None or monotonic() - kept.at > FRESH or kept.basis != _basis(customer):
            return None
        return kept.own

    def _read(self, customer: Customer) -> Own:
        at = monotonic()
        own = tuple(_in_store(customer, self.book()))
        if len(self._kept) >= MOST_CUSTOMERS:
            self._kept.clear()
        self._kept[customer.name] = _Kept(at, _basis(customer), own)
        return own

    def _state(self, customer: Customer, server: Server) -> ServerState:
        if self._told is None:
            return by_rules(customer)
        given = self._told(customer.name, server)
        if isinstance(given, Coroutine):
            given.close()  # so that Python does not warn of what was never awaited
            raise TypeError("an async directory goes with AsyncMailer")
        return _checked(given, customer)

    async def _awaited(self, customer: Customer, server: Server) -> ServerState:
        if self._told is None:
            return by_rules(customer)
        given = self._told(customer.name, server)
        return _checked(await given if isinstance(given, Awaitable) else given, customer)


def by_rules(customer: Customer) -> ServerState:
    """Give the state of a server of which only the rules know: locked, unless they say otherwise."""
    return ServerState.RELEASED if customer.server_released else ServerState.LOCKED


def released_among(own: Own) -> tuple[Server, ...]:
    """Give those servers that carry mail."""
    return tuple(one.server for one in own if one.state is ServerState.RELEASED)


def _in_store(customer: Customer, book: ServerBook) -> Iterator[OfferedServer]:
    """Give the servers in the store's order, then those of the rules that it never heard of."""
    from mailsend.model.rules_servers import of_a_customer

    left = list(customer.servers)
    for record in book.of(customer.name):
        if record.server is not None:
            server = of_a_customer(record.server, customer.internal_servers)
            yield OfferedServer(
                server=server, owner=Owner.CUSTOMER, state=record.state, senders=record.senders
            )
            left = [one for one in left if one.server != server]
            continue
        for one in [one for one in left if one.server.name == record.name][:1]:
            left.remove(one)
            yield _known(customer, one, book)
    for one in left:
        yield _known(customer, one, book)


def _known(customer: Customer, one: CustomerServer, book: ServerBook) -> OfferedServer:
    """Give a server of the rules: its state is that of this very fingerprint."""
    state = book.state_of(customer.name, one.server) or by_rules(customer)
    return OfferedServer(server=one.server, owner=Owner.CUSTOMER, state=state, senders=one.senders)


def _servers(customer: Customer) -> tuple[Server, ...]:
    return tuple(one.server for one in customer.servers)


def _offered(customer: Customer, server: Server, state: ServerState) -> OfferedServer:
    senders = next(one.senders for one in customer.servers if one.server is server)
    return OfferedServer(server=server, owner=Owner.CUSTOMER, state=state, senders=senders)


def _basis(customer: Customer) -> tuple[object, ...]:
    """Give what of the rules an answer rests on."""
    return customer.servers, customer.internal_servers, customer.server_released


def _checked(given: object, customer: Customer) -> ServerState:
    """Read what a directory gave: a state or its name; None leaves it to the rules."""
    if given is None:
        return by_rules(customer)
    try:
        return ServerState(str(given))
    except ValueError:
        raise TypeError(f"the directory gave {given!r}; a ServerState is expected") from None
