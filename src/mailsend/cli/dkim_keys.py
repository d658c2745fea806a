"""Which DKIM keys the settings name, and for which domains each has to be published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import DkimRecord, alias_record, public_record
from mailsend.model.rules import Customer, DkimKey, Level, Rules

__all__ = ["Published", "published_keys"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One key at one domain: the record to publish, and a CNAME that would do as well, if any.

    ``where`` is the scope that names the key: ``application`` or ``customers.NAME``.
    """

    where: str
    domain: str
    key: DkimKey
    signer: Signer
    record: DkimRecord
    alias: DkimRecord | None


def published_keys(rules: Rules) -> tuple[Published, ...]:
    """Give each key of the settings at each domain that it signs, the application's own first.

    A customer's domain needs no key of its own: where the application's key signs it, the alias
    points to the application's record. Raises SigningError for a key that cannot be read.
    """
    ours = str(rules.application.fallback_sender.address.domain)
    found: list[Published] = []
    for where, key, domain in _wanted(rules):
        signer = Signer(domain=domain, selector=key.selector, key=key.key, password=key.password)
        home = Signer(domain=ours, selector=key.selector, key=key.key, password=key.password)
        served = where == "application" and ("*" in key.domains or ours in key.domains)
        found.append(
            Published(
                where=where,
                domain=domain,
                key=key,
                signer=signer,
                record=public_record(signer),
                alias=alias_record(public_record(home), domain) if served and domain != ours else None,
            )
        )
    return tuple(found)


def _wanted(rules: Rules) -> Iterator[tuple[str, DkimKey, str]]:
    customers = rules.customers.values()
    left_to_us = [domain for one in customers if not one.dkim_keys for domain in _domains_of(one)]
    for key in rules.application.dkim_keys:
        for domain in _each(key, [*_allowed(rules.application), *left_to_us]):
            yield "application", key, domain
    for customer in customers:
        for key in customer.dkim_keys:
            for domain in _each(key, _domains_of(customer)):
                yield f"customers.{customer.name}", key, domain


def _each(key: DkimKey, everywhere: list[str]) -> list[str]:
    named = [one for one in key.domains if one != "*"]
    return list(dict.fromkeys([*named, *everywhere] if "*" in key.domains else named))


def _domains_of(customer: Customer) -> list[str]:
    levels: list[Level] = [customer, *customer.business_units.values()]
    return [domain for level in levels for domain in _allowed(level)] + [
        str(one) for one in customer.alias_domains
    ]


def _allowed(level: Level) -> list[str]:
    return [str(one.domain) for one in level.allowed_domains]
