"""DKIM keys looked at before they are needed: readable, strong enough, in good company (M25)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mailsend.errors import InvalidSettings, SigningError
from mailsend.model.reading import Place
from mailsend.model.rules import DkimKey, DkimKeyState, Rules
from mailsend.settings.finding import Finding

__all__ = ["check_keys"]

_ED25519 = "ed25519-sha256"


def check_keys(rules: Rules, said_by: Callable[[str], str] | None = None) -> tuple[Finding, ...]:
    """Read every DKIM key of ``rules``, and tell what is weak about them.

    ``said_by`` gives the file that a key's text stands in, for errors.

    Raises InvalidSettings for a key that cannot be read or is too short, and for an Ed25519 key
    without an RSA key for the same domain under another selector (RFC 8463; Gmail and Microsoft
    do not verify Ed25519).
    """
    findings: list[Finding] = []
    read = [(place.key("dkim_keys"), _read(keys, place, findings, said_by)) for place, keys in _scopes(rules)]
    for place, keys in read:
        for index, (key, algorithm) in enumerate(keys):
            if algorithm == _ED25519:
                _check_company(key, keys, place.item(index).path)
    return tuple(findings)


def _read(
    keys: tuple[DkimKey, ...],
    place: Place,
    findings: list[Finding],
    said_by: Callable[[str], str] | None,
) -> list[tuple[DkimKey, str]]:
    """Give each key with its algorithm."""
    read = []
    for index, key in enumerate(keys):
        at = Place(place.key("dkim_keys").item(index).path)
        algorithm, warning = _look_at(key, at.key("key"), said_by)
        read.append((key, algorithm))
        if warning:
            findings.append(Finding(where=at.path, what=warning, advice="Make a new one: mailsend dkim new."))
    return read


def _scopes(rules: Rules) -> Iterator[tuple[Place, tuple[DkimKey, ...]]]:
    yield Place("application"), rules.application.dkim_keys
    for name, customer in rules.customers.items():
        yield Place("customers").key(name), customer.dkim_keys


def _look_at(key: DkimKey, place: Place, said_by: Callable[[str], str] | None) -> tuple[str, str]:
    """Give a key's algorithm and what is weak about it."""
    from mailsend.compose.sign import Signer

    domain = "example.com" if key.domains[0] == "*" else key.domains[0]
    try:
        signer = Signer(domain=domain, selector=key.selector, key=key.key, password=key.password)
    except SigningError as fault:
        place.refuse(fault.why, fault.advice)
    else:
        return signer.algorithm, signer.warning
    return place.fail(said_by)


def _check_company(key: DkimKey, others: list[tuple[DkimKey, str]], where: str) -> None:
    """Refuse an Ed25519 key that would sign alone."""
    if key.state is DkimKeyState.RETIRED:
        return
    states = (DkimKeyState.ACTIVE,) if key.state is DkimKeyState.ACTIVE else tuple(DkimKeyState)[:2]
    for domain in key.domains:
        beside = any(
            algorithm != _ED25519
            and other.state in states
            and other.selector != key.selector
            and (domain in other.domains or "*" in other.domains)
            for other, algorithm in others
        )
        if not beside:
            raise InvalidSettings(
                where,
                f"an Ed25519 key stands alone for {domain}, and Gmail and Microsoft do not verify it",
                advice="Add an RSA key for the same domain under another selector.",
            )
