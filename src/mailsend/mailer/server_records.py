"""Customers' servers as people see them: one record for each, wherever it is defined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mailsend.errors import InvalidAddress, InvalidSettings
from mailsend.model.address import Address
from mailsend.model.circumstances import OfferedServer
from mailsend.model.server_record import ServerRecord

if TYPE_CHECKING:
    from mailsend.mailer.server_states import ServerStates
    from mailsend.model.rules import Scope
    from mailsend.model.server import Server

__all__ = ["find_record", "records_of", "sender_for"]


def records_of(customer: str, own: Sequence[OfferedServer], states: ServerStates) -> tuple[ServerRecord, ...]:
    """Give the records of a customer's servers ``own``, in their order; raises StoreError."""
    kept = {one.name: one for one in states.book().of(customer)} if states.has_book else {}
    return tuple(_record(customer, at, one, kept.get(one.server.name)) for at, one in enumerate(own))


def _record(customer: str, at: int, own: OfferedServer, kept: ServerRecord | None) -> ServerRecord:
    if kept is None:
        return ServerRecord(
            customer=customer,
            name=own.server.name,
            position=at,
            server=own.server,
            senders=own.senders,
            state=own.state,
            steps=(),
            from_rules=True,
        )
    # Of a server whose account has changed in the rules, the steps were another one's.
    steps = kept.steps if kept.state is own.state else ()
    return replace(kept, position=at, server=own.server, senders=own.senders, state=own.state, steps=steps)


def find_record(customer: str, records: Sequence[ServerRecord], name: str | None) -> ServerRecord:
    """Give the record with this name, or host name; the only one where no name is given.

    Raises InvalidSettings that names those there are.
    """
    found = [one for one in records if name in (None, one.name)]
    found = found or [one for one in records if one.server is not None and one.server.host == name]
    if len(found) == 1:
        return found[0]
    where = f"customers.{customer}.servers"
    names = ", ".join(one.name for one in records)
    if not records:
        raise InvalidSettings(
            where, "the customer has no server", advice="Add one: mailsend server add, or in the settings."
        )
    if not found:
        raise InvalidSettings(where, f"there is no server {name!r}", advice=f"Known are: {names}.")
    raise InvalidSettings(where, "there are several", advice=f"Name one of them: {names}.")


def sender_for(scope: Scope, server: Server, senders: Sequence[str] = ()) -> Address | None:
    """Give the address with which mail of ``scope`` would go through ``server``; None where none is known."""
    if server.insists_on is not None:
        return Address.parse(server.insists_on)
    for one in (*senders, *server.senders):
        if not one.startswith("@"):
            try:
                return Address.parse(one)
            except InvalidAddress:
                continue
    customer, level = scope.customer, scope.customer or scope.application
    fallback = None if level.fallback_sender is None else level.fallback_sender.address
    for address in (level.bounce_address, fallback):
        if address is not None and (customer is None or customer.owns(address.domain)):
            return address
    return None
