"""``mailer.customers``: customers' rules in the store, listed, shown and set (T4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mailsend.errors import InvalidAddress, InvalidSettings
from mailsend.mailer.clock import utc_now
from mailsend.mailer.store_directory import StoreDirectory
from mailsend.mailer.token_sources import check_token_sources
from mailsend.model.address import DomainPattern
from mailsend.model.reading import Place
from mailsend.model.rules_checks import claims_in
from mailsend.model.rules_reader import read_customer

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.customer_record import CustomerVersion
    from mailsend.model.rules import Rules
    from mailsend.store.customers import CustomerBook

__all__ = ["AsyncCustomers", "Customers"]


class Customers:
    """The customers that the store keeps, in the shape of ``[customers.NAME]``; secrets are never shown.

    ``by`` says who does it, and is written down. Every method raises StoreError without a store, and
    UnknownCustomer.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def list(self) -> tuple[CustomerVersion, ...]:
        """Give the current version of each customer, by name."""
        return self._book.current()

    def show(self, name: str, version: int | None = None) -> CustomerVersion:
        """Give one version of a customer, the current one where none is named."""
        return self._book.get(name, version)

    def history(self, name: str) -> tuple[CustomerVersion, ...]:
        """Give every version of a customer, the oldest first."""
        return self._book.history(name)

    def set(self, name: str, rules: Mapping[str, Any], *, note: str = "", by: str) -> CustomerVersion:
        """Write a customer's rules, whole; the same as before stay the version that they are.

        They are checked with the settings around them. Raises InvalidSettings where they are not
        valid, or claim a domain of another customer (M5); nothing is written then.
        """
        return self._set(name, rules, None, note, by)

    def change(
        self, name: str, changes: Mapping[Sequence[str], Any], *, note: str = "", by: str
    ) -> CustomerVersion:
        """Change single keys of a customer's rules, each named by its path; None takes a key away."""
        version, rules = self._book.rules(name)
        for path, value in changes.items():
            _change(rules, tuple(path), value, Place("customers").key(name))
        return self._set(name, rules, version, note, by)

    @property
    def _book(self) -> CustomerBook:
        return self._core.store_door.open("a kept customer").customers

    def _set(
        self, name: str, given: Mapping[str, Any], based_on: int | None, note: str, by: str
    ) -> CustomerVersion:
        from mailsend.settings import check_keys

        book = self._book
        rules = read_customer(name, given, self._core.rules.application)
        check_keys(rules)
        check_token_sources(rules)
        done = book.set(
            name,
            given,
            check=lambda others: _refuse_claimed(rules, others),
            based_on=based_on,
            note=note,
            by=by,
            now=utc_now(),
        )
        if isinstance(self._core.directory, StoreDirectory):
            self._core.directory.forget(name)
        return done


class AsyncCustomers:
    """The same, awaited; the store is asked in threads. See Customers for what each method does."""

    def __init__(self, core: Core) -> None:
        self._customers = Customers(core)

    async def list(self) -> tuple[CustomerVersion, ...]:
        """Give the current version of each customer, by name."""
        return await asyncio.to_thread(self._customers.list)

    async def show(self, name: str, version: int | None = None) -> CustomerVersion:
        """Give one version of a customer."""
        return await asyncio.to_thread(self._customers.show, name, version)

    async def history(self, name: str) -> tuple[CustomerVersion, ...]:
        """Give every version of a customer, the oldest first."""
        return await asyncio.to_thread(self._customers.history, name)

    async def set(self, name: str, rules: Mapping[str, Any], *, note: str = "", by: str) -> CustomerVersion:
        """Write a customer's rules, whole."""
        return await asyncio.to_thread(self._customers.set, name, rules, note=note, by=by)

    async def change(
        self, name: str, changes: Mapping[Sequence[str], Any], *, note: str = "", by: str
    ) -> CustomerVersion:
        """Change single keys of a customer's rules."""
        return await asyncio.to_thread(self._customers.change, name, changes, note=note, by=by)


def _change(rules: dict[str, Any], path: tuple[str, ...], value: Any, place: Place) -> None:
    *outer, last = path
    node: Any = rules
    for one in outer:
        place = place.key(one)
        if isinstance(node, list) and one.isdecimal() and int(one) < len(node):
            node = node[int(one)]
        else:
            node = node.setdefault(one, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        raise InvalidSettings(place.path, "no key can be set in it", advice="Set it whole, from a file.")
    if value is None:
        node.pop(last, None)
    else:
        node[last] = value


def _refuse_claimed(rules: Rules, others: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse a domain of another customer, or one above or under it (M5)."""
    place = Place()
    owners = {one: name for name, other in others.items() for one in _domains_in(other)}
    mine = {domain.ascii: at for _, domain, at in claims_in(rules)}
    for domain, at in mine.items():
        upper = next((one for one in _upwards(domain) if one in owners), None)
        if upper is not None:
            _refuse(at, place, domain, upper, owners[upper])
    for domain, owner in owners.items():
        above = next((one for one in _upwards(domain) if one in mine and one != domain), None)
        if above is not None:
            _refuse(mine[above], place, above, domain, owner)
    if place.problems:
        place.fail()


def _refuse(at: Place, place: Place, mine: str, theirs: str, owner: str) -> None:
    where = "above" if mine.endswith(f".{theirs}") else "under"
    what = f"{mine} belongs" if mine == theirs else f"{theirs}, which lies {where} {mine}, belongs"
    Place(at.path, place.problems).refuse(
        f"{what} to the customer {owner!r} already",
        "A domain belongs to one customer; take it out of one of the two.",
    )


def _upwards(domain: str) -> Sequence[str]:
    labels = domain.split(".")
    return [".".join(labels[at:]) for at in range(len(labels))]


def _domains_in(rules: Mapping[str, Any]) -> set[str]:
    """Give what a customer's kept rules claim; they were checked when they were written."""
    units = rules.get("business_units") or {}
    written = [*(rules.get("allowed_domains") or ()), *(rules.get("alias_domains") or ())]
    for unit in units.values():
        written += unit.get("allowed_domains") or ()
    found = set()
    for one in written:
        try:
            pattern = DomainPattern.parse(one)
        except InvalidAddress:
            continue
        found.add(pattern.domain.ascii)
    return found
