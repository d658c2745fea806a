"""``mailer.servers`` of an AsyncMailer: what Servers does, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from mailsend.decide.server_state import ServerAct
from mailsend.errors import StoreError
from mailsend.mailer.server_desk import Desk, Verification, read_address, read_server
from mailsend.mailer.servers import scoped, some_customer
from mailsend.model.submission import Refusal
from mailsend.transport.probe import ProbeReport

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.server_desk import Case
    from mailsend.mailer.thinking import Asked
    from mailsend.model.address import Address
    from mailsend.model.log_in_pause import LogInPause
    from mailsend.model.rules import Rules
    from mailsend.model.server import Server
    from mailsend.model.server_record import ServerRecord

__all__ = ["AsyncServers"]


class AsyncServers:
    """The same, awaited; the store is asked in threads. See Servers for what each method does."""

    def __init__(self, core: Core, rules: Callable[[Asked], Awaitable[Rules | Refusal]]) -> None:
        self._core = core
        self._rules = rules
        self._desk = Desk(core)

    async def customers(self) -> tuple[str, ...]:
        """Give the customers of whom servers are known, sorted."""
        return await asyncio.to_thread(self._desk.customers)

    def needs_store(self) -> None:
        """Raise StoreError where no store is set."""
        self._core.states.book()

    async def list(self, customer: str) -> tuple[ServerRecord, ...]:
        """Give a customer's servers in the order in which they are tried."""
        return (await self._case(customer)).records

    async def find(self, customer: str, name: str | None = None) -> ServerRecord:
        """Give one of a customer's servers."""
        return (await self._case(customer)).find(name)

    async def log_in_pause(self, server: Server) -> LogInPause | None:
        """Give the pause that lasts for a server's account after refused log-ins."""
        return await asyncio.to_thread(self._desk.log_in_pause, server)

    async def add(
        self,
        customer: str,
        server: Server | str,
        *,
        senders: Sequence[str] = (),
        position: int | None = None,
        by: str,
    ) -> ServerRecord:
        """Enter a server, or its URL."""
        case = await self._case(customer)
        return await asyncio.to_thread(self._desk.add, case, read_server(server), senders, position, by)

    async def set(
        self,
        customer: str,
        name: str | None = None,
        server: Server | str | None = None,
        *,
        senders: Sequence[str] | None = None,
        by: str,
    ) -> ServerRecord:
        """Change a server."""
        case, changed = await self._case(customer), None if server is None else read_server(server)
        return await asyncio.to_thread(self._desk.set, case, name, changed, senders, by)

    async def remove(self, customer: str, name: str | None = None, *, by: str) -> ServerRecord:
        """Take a server away and give what it was."""
        try:
            case = await self._case(customer)
        except StoreError:
            if name is None:
                raise
            return await asyncio.to_thread(self._desk.discard, customer, name, by)
        return await asyncio.to_thread(self._desk.remove, case, name, by)

    async def order(self, customer: str, names: Sequence[str], *, by: str) -> tuple[ServerRecord, ...]:
        """Put a customer's servers in order."""
        await asyncio.to_thread(self._desk.order, await self._case(customer), names, by)
        return await self.list(customer)

    async def probe(
        self,
        customer: str | None = None,
        name: str | None = None,
        *,
        server: Server | str | None = None,
        mail_from: Address | str | None = None,
        relay_to: Address | str | None = None,
    ) -> ProbeReport:
        """Look at a server; send no mail, change nothing."""
        sender, stranger = read_address(mail_from, "mail_from"), read_address(relay_to, "relay_to")
        if server is not None:
            return await self._desk.ask(read_server(server), sender, stranger)
        case = await self._case(some_customer(customer))
        return await self._desk.look(case, case.find(name), mail_from=sender, relay_to=stranger)

    async def verify(
        self,
        customer: str,
        name: str | None = None,
        *,
        round_trip: bool = False,
        mail_from: Address | str | None = None,
        relay_to: Address | str | None = None,
        wait: float | None = None,
        by: str,
    ) -> Verification:
        """Probe a server and, where all is well, note that it is verified."""
        case = await self._case(customer)
        record = await asyncio.to_thread(self._desk.before, case, name, ServerAct.VERIFY, by)
        report = await self._desk.look(
            case,
            record,
            mail_from=read_address(mail_from, "mail_from"),
            relay_to=read_address(relay_to, "relay_to"),
            marked=self._desk.mark(case, record) if round_trip else None,
            wait=wait,
        )
        return await asyncio.to_thread(self._desk.after, case, record, report, by)

    async def release(
        self, customer: str, name: str | None = None, *, by: str, note: str = ""
    ) -> ServerRecord:
        """Let a verified server carry the customer's mail."""
        return await self._step(customer, name, ServerAct.RELEASE, by, note)

    async def lock(self, customer: str, name: str | None = None, *, by: str, note: str = "") -> ServerRecord:
        """Keep all mail from a server, at once."""
        return await self._step(customer, name, ServerAct.LOCK, by, note)

    async def unlock(
        self, customer: str, name: str | None = None, *, by: str, note: str = ""
    ) -> ServerRecord:
        """Take a lock away."""
        return await self._step(customer, name, ServerAct.UNLOCK, by, note)

    async def _step(
        self, customer: str, name: str | None, act: ServerAct, by: str, note: str
    ) -> ServerRecord:
        return await asyncio.to_thread(self._desk.step, await self._case(customer), name, act, by, note)

    async def _case(self, customer: str) -> Case:
        rules, scope = scoped(await self._rules((customer, None)), customer)
        self._core.states.forget(customer)
        own = await self._core.states.own_async(scope)
        return await asyncio.to_thread(self._desk.case, rules, scope, own)
