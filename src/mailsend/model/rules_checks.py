"""What must hold between settings, checked once when rules are made (M4, M5, M16)."""

from __future__ import annotations

from collections.abc import Iterator

from mailsend.model.address import Address, Domain, DomainPattern
from mailsend.model.bounce_tokens import LONGEST_LOCAL_PART
from mailsend.model.freemail import is_freemail
from mailsend.model.reading import Place
from mailsend.model.rules import AliasMode, Application, Customer, DkimKey, Level, Rules, TestMode
from mailsend.model.secret import SHORTEST_KEY
from mailsend.model.suffixes import is_public_suffix

__all__ = ["check_rules", "claims_in"]


def check_rules(rules: Rules, place: Place) -> None:
    """Note at ``place`` every rule that the settings break together."""
    application = place.key("application")
    _check_domains(rules.application.allowed_domains, application)
    _check_senders(rules.application, rules.application.allowed_domains, application)
    _check_keys(rules.application.dkim_keys, application)
    _check_test_mode(rules.application.test_mode, None, application)
    for name, customer in rules.customers.items():
        _check_customer(customer, rules.application, place.key("customers").key(name))
    _check_claims(rules, place)
    _check_bounce_addresses(rules, place)
    _check_tokens(rules, place)


def _check_customer(customer: Customer, application: Application, place: Place) -> None:
    _check_domains(customer.allowed_domains, place)
    _check_aliases(customer, place)
    kept = tuple(DomainPattern(alias) for alias in customer.alias_domains)
    allowed = (
        *customer.allowed_domains,
        *(kept if customer.alias_mode is AliasMode.KEEP else ()),
        *application.allowed_domains,
    )
    _check_senders(customer, allowed, place)
    _check_keys(customer.dkim_keys, place)
    if customer.test_mode is not None:
        _check_test_mode(customer.test_mode, application.test_mode, place)
    for name, unit in customer.business_units.items():
        at = place.key("business_units").key(name)
        _check_domains(unit.allowed_domains, at)
        _check_senders(unit, (*unit.allowed_domains, *allowed), at)


def _check_domains(patterns: tuple[DomainPattern, ...], place: Place) -> None:
    for index, one in enumerate(patterns):
        _check_ownable(one.domain, place.key("allowed_domains").item(index))


def _check_ownable(domain: Domain, place: Place) -> None:
    """Refuse what no single customer can own (M5)."""
    if is_public_suffix(domain):
        place.refuse(
            f"{domain} is a public suffix: anybody can register a domain under it",
            "Name the registered domain, as in example.com.",
        )
    elif is_freemail(domain):
        place.refuse(
            f"{domain} is a free-mail domain: anybody can have a mailbox in it",
            "Name a domain of your own; a free-mail address can still stand in Reply-To.",
        )


def _check_aliases(customer: Customer, place: Place) -> None:
    for alias, main in customer.alias_domains.items():
        at = place.key("alias_domains").key(alias.ascii)
        _check_ownable(alias, at)
        if not any(one.matches(main) for one in customer.allowed_domains):
            at.refuse(
                f"{main} is not one of the customer's allowed domains",
                "Let the alias stand for one of allowed_domains.",
            )
        if DomainPattern(alias) in customer.allowed_domains:
            at.refuse(f"{alias} is an allowed domain already", "Name it once, as either of the two.")


def _check_senders(level: Level, allowed: tuple[DomainPattern, ...], place: Place) -> None:
    """Refuse senders that could not be used: deciding rests on every fallback being allowed."""
    for key in ("fallback_sender", "notification_sender"):
        mailbox = getattr(level, key)
        if mailbox is None or any(one.matches(mailbox.address.domain) for one in allowed):
            continue
        known = ", ".join(str(one) for one in allowed[:10]) or "none"
        place.key(key).refuse(
            f"{mailbox.address.domain} is not an allowed domain here (allowed: {known})",
            "Add it to allowed_domains of this scope, or take a sender in one of these.",
        )


def _check_keys(keys: tuple[DkimKey, ...], place: Place) -> None:
    seen: set[tuple[str, str]] = set()
    for index, key in enumerate(keys):
        for domain in key.domains:
            if (domain, key.selector) in seen:
                place.key("dkim_keys").item(index).refuse(
                    f"there are two keys for {key.selector}._domainkey.{domain}",
                    "Give each key of a domain a selector of its own.",
                )
            seen.add((domain, key.selector))


def _check_test_mode(mode: TestMode, outer: TestMode | None, place: Place) -> None:
    if mode.enabled and mode.recipient is None and (outer is None or outer.recipient is None):
        place.key("test_mode").key("recipient").refuse(
            "test mode is enabled, and no recipient is set",
            "Set the address that all mail shall go to.",
        )


def claims_in(rules: Rules) -> Iterator[tuple[str, Domain, Place]]:
    """Give every domain that a customer claims, with the place that it stands at."""
    for name, customer in rules.customers.items():
        at = Place().key("customers").key(name)
        for index, one in enumerate(customer.allowed_domains):
            yield name, one.domain, at.key("allowed_domains").item(index)
        for alias in customer.alias_domains:
            yield name, alias, at.key("alias_domains").key(alias.ascii)
        for unit_name, unit in customer.business_units.items():
            unit_at = at.key("business_units").key(unit_name).key("allowed_domains")
            for index, one in enumerate(unit.allowed_domains):
                yield name, one.domain, unit_at.item(index)


def _check_claims(rules: Rules, place: Place) -> None:
    """Refuse a domain, or one under it, that two customers name (M5)."""
    owners: dict[str, tuple[str, str]] = {}
    claims = [*claims_in(rules)]
    for name, domain, at in claims:
        owners.setdefault(domain.ascii, (name, at.path))
    for name, domain, at in claims:
        labels = domain.ascii.split(".")
        for n in range(len(labels)):
            upper = ".".join(labels[n:])
            owner, where = owners.get(upper, (name, ""))
            if owner != name:
                under = "" if n == 0 else f", which lies under {upper},"
                Place(at.path, place.problems).refuse(
                    f"{domain}{under} belongs to the customer {owner!r} already ({where})",
                    "A domain belongs to one customer; take it out of one of the two.",
                )
                break


def _check_bounce_addresses(rules: Rules, place: Place) -> None:
    """Refuse the bounce mailbox where people should read: its mail is read by a program (M16)."""
    scopes = [*_scopes(rules, place)]
    bounces = {level.bounce_address.key for level, _ in scopes if level.bounce_address is not None}
    for level, at in scopes:
        for key, address in _read_by_people(level):
            if address.key in bounces:
                _at(at, key).refuse(
                    f"{address} is a bounce_address, and what arrives there is read by a program",
                    "Name another mailbox, one that somebody reads.",
                )


def _check_tokens(rules: Rules, place: Place) -> None:
    """Refuse a bounce address where no token can be made, or none fits behind it (M15)."""
    if rules.application.store is None:
        return
    keys = rules.application.secret_keys
    for level, at in _scopes(rules, place):
        address = level.bounce_address
        if address is None:
            continue
        if not keys or len(keys[0].reveal()) < SHORTEST_KEY:
            at.key("bounce_address").refuse(
                "with a store bounces are told apart by tokens, and there is no secret key to make them with",
                f"Set application.secret_keys_file: a file of keys of {SHORTEST_KEY} characters or more.",
            )
        elif len(address.local_part.encode()) > LONGEST_LOCAL_PART:
            at.key("bounce_address").refuse(
                f"no token fits behind a local part of more than {LONGEST_LOCAL_PART} octets",
                "Take a shorter one, as in bounces@your.domain.",
            )


def _scopes(rules: Rules, place: Place) -> Iterator[tuple[Level, Place]]:
    yield rules.application, place.key("application")
    for name, customer in rules.customers.items():
        at = place.key("customers").key(name)
        yield customer, at
        for unit_name, unit in customer.business_units.items():
            yield unit, at.key("business_units").key(unit_name)


def _read_by_people(level: Level) -> Iterator[tuple[str, Address]]:
    named: dict[str, Address | None] = {
        "reply_to": level.reply_to.address if level.reply_to else None,
        "contact": level.contact,
        "admin_address": level.admin_address,
        "archive_bcc": level.archive_bcc,
    }
    if isinstance(level, Customer):
        named["emergency_contact"] = level.emergency_contact
    if isinstance(level, (Application, Customer)) and level.test_mode is not None:
        named["test_mode.recipient"] = level.test_mode.recipient
    for key, address in named.items():
        if address is not None:
            yield key, address


def _at(place: Place, dotted: str) -> Place:
    for name in dotted.split("."):
        place = place.key(name)
    return place
