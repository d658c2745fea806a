"""Stored mails made ready to go out again: frozen bytes, open recipients, and the servers of today."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from mailsend.decide.route import RoutesDecision, RoutesReason
from mailsend.errors import StoreError
from mailsend.model.address import Address, ByAddress, Mailbox
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.consignment import Asked, Consignment, Standing, WhoSends
from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope, ReversePath
from mailsend.model.standing_hold import MailFacts
from mailsend.store.buckets import account_mark
from mailsend.store.confirmed import is_confirmed
from mailsend.store.mails import joined
from mailsend.store.times import moment, time_of, time_or_none

if TYPE_CHECKING:
    from mailsend.model.secret import Secret
    from mailsend.store.queue import Claimed, KeptRecipient
    from mailsend.store.vault import Vault

__all__ = ["Bundle", "Routes", "asked_of", "bundles_of", "data_of", "due_of"]

_CHANGED: Final = "Somebody or something changed the database: find out who, and put a backup back."


@dataclass(frozen=True, slots=True)
class Bundle:
    """One part of a claimed mail that goes out together: whose positions are whose.

    ``consignment`` is None where none of its servers is known any more.
    """

    consignment: Consignment | None
    positions: Mapping[int, Address] = field(default_factory=dict)

    def standing(self, recipients: Sequence[KeptRecipient]) -> dict[int, str]:
        """Give who stands in RCPT TO for each of its positions."""
        return {one.position: one.envelope_address for one in recipients if one.position in self.positions}


def asked_of(row: Any) -> tuple[str | None, str | None]:
    """Give customer and unit of a stored mail, as rules are asked for by them."""
    return row.customer or None, row.business_unit or None


def data_of(claimed: Claimed, vault: Vault | None) -> bytes:
    """Give the frozen bytes of a claimed mail; raises StoreError where they are gone, or are others."""
    row = claimed.row
    if row.data is None:
        raise StoreError("its content is kept no longer", advice="Delete it: mailsend queue delete.")
    kept = bytes(row.data)
    if row.sealed:
        assert vault is not None  # whoever sealed it had one; settings without keys are refused
        kept = vault.open_bytes(row.id, "data", kept)
    data = joined(kept, row.cuts, claimed.blobs.__getitem__)
    if hashlib.sha256(data).hexdigest() != row.digest:
        raise StoreError(
            "its bytes are not those that were frozen",
            advice=_CHANGED,
        )
    return data


def due_of(claimed: Claimed) -> list[KeptRecipient]:
    """Give those recipients who are due."""
    at = moment(claimed.at)
    return [one for one in claimed.recipients if one.due_at is not None and one.due_at <= at]


def bundles_of(
    claimed: Claimed, data: bytes, routes: Routes, *, secret_keys: Sequence[Secret] = ()
) -> tuple[Bundle, ...]:
    """Give what of a claimed mail is due: those whose server fell silent apart, each to that one alone (M20).

    ``secret_keys`` are those that may have sealed that a person confirmed it.
    """
    apart: dict[str, list[KeptRecipient]] = {}
    for one in due_of(claimed):
        apart.setdefault(one.pinned if one.outcome == "unknown" else "", []).append(one)
    return tuple(
        [
            _bundle(claimed, data, routes.of(claimed.row.routes, pinned), recipients, secret_keys)
            for pinned, recipients in apart.items()
        ]
    )


def _bundle(
    claimed: Claimed,
    data: bytes,
    routes: RoutesDecision | None,
    recipients: Sequence[KeptRecipient],
    secret_keys: Sequence[Secret],
) -> Bundle:
    row = claimed.row
    who = {one.position: _address(one.address) for one in recipients}
    if routes is None:
        return Bundle(None, who)
    consignment = Consignment(
        id=row.id,
        message_id=row.message_id,
        message=_asked(*asked_of(row), row.require_tls, row.send_at, row.essential),
        sender=_who_sends(row.sender_mailbox),
        recipients=ByAddress(
            {who[one.position]: Standing(_address(one.envelope_address)) for one in recipients}
        ),
        routes=routes,
        envelopes=_envelopes(row, recipients),
        data=data,
        digest=row.digest,
        rules_version=row.rules_version,
        prepared=time_of(row.prepared_at),
        in_test_mode=bool(row.in_test_mode),
        confirmed=is_confirmed(row, secret_keys),
        expires_at=time_or_none(row.expires_at),
        told=partial(_facts, claimed, _tags(row.tags)),
    )
    return Bundle(consignment, who)


@lru_cache(maxsize=4096)
def _address(text: str) -> Address:
    """Read an address of ours: each stands in several columns, and some in every mail."""
    return Address.parse(text)


@lru_cache(maxsize=1024)
def _who_sends(text: str) -> WhoSends:
    return WhoSends(Mailbox.parse(text))


@lru_cache(maxsize=1024)
def _asked(
    customer: str | None, unit: str | None, require_tls: int, send_at: int | None, essential: int
) -> Asked:
    return Asked(
        customer=customer,
        business_unit=unit,
        require_tls=bool(require_tls),
        send_at=time_or_none(send_at),
        essential=bool(essential),
    )


@lru_cache(maxsize=1024)
def _reverse_path(text: str) -> ReversePath:
    return _address(text) if text else NULL_REVERSE_PATH


@lru_cache(maxsize=1024)
def _tags(kept: str) -> tuple[str, ...]:
    return tuple(json.loads(kept))


def _facts(claimed: Claimed, tags: tuple[str, ...]) -> MailFacts:
    row = claimed.row
    return MailFacts(
        customer=row.customer,
        unit=row.business_unit,
        template=row.template,
        kind=row.kind,
        requested=row.requested,
        sender=row.sender,
        tags=tags,
        recipients=tuple([(one.field, one.address) for one in claimed.recipients]),
    )


class Routes:
    """The servers of today, and those of them that a mail's routes name: nearly all name the same."""

    def __init__(self, servers: Sequence[OfferedServer]) -> None:
        self._servers = servers
        self._found: dict[tuple[str, str], RoutesDecision | None] = {}

    def of(self, kept: str, pinned: str) -> RoutesDecision | None:
        """Give the servers that were decided on, in their order, as far as they are still known.

        Several accounts at one place have one name. Where that name is one server's alone, its account may
        have been changed meanwhile. After silence it is one alone, the one that is ``pinned``.
        """
        asked = kept, pinned
        if asked not in self._found:
            offered = self._offered(kept, pinned)
            self._found[asked] = (
                RoutesDecision(reason=RoutesReason.SMARTHOST, offered=offered) if offered else None
            )
        return self._found[asked]

    def _offered(self, kept: str, pinned: str) -> tuple[OfferedServer, ...]:
        found: list[OfferedServer] = []
        for owner, name, *mark in json.loads(kept):
            named = [one for one in self._servers if one.owner is Owner(owner) and one.server.name == name]
            same = [one for one in named if account_mark(one.server) == (mark[0] if mark else "")]
            named = same or (named if len(named) == 1 else [])
            if named and pinned in ("", name) and named[0] not in found:
                found.append(named[0])
        return tuple(found[:1] if pinned else found)


def _envelopes(row: Any, recipients: Sequence[KeptRecipient]) -> tuple[Envelope, ...]:
    """Give the envelopes as they were frozen, with those recipients alone that are due."""
    due: dict[int, dict[str, None]] = {}
    for one in recipients:
        due.setdefault(one.envelope, {})[one.envelope_address] = None
    frozen = json.loads(row.envelopes)
    for number, who in due.items():
        if not who.keys() <= set(frozen[number][1]):
            raise StoreError("a recipient stands in none of its envelopes", advice=_CHANGED)
    return tuple(
        [
            Envelope(
                reverse_path=_reverse_path(frozen[number][0]), recipients=tuple(map(_address, due[number]))
            )
            for number in sorted(due)
        ]
    )
