"""What the configuration says of sender domains: proofs, keys, servers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from mailsend.mailer.server_states import by_rules
from mailsend.model.address import Domain
from mailsend.model.circumstances import DomainFacts, KeyState, OfferedServer, Owner, SigningKey
from mailsend.model.message import Message
from mailsend.model.rules import DkimKey, DkimKeyState, Scope
from mailsend.model.secret import Secret

__all__ = ["asked_domains", "facts_of", "offered_servers", "signers_for", "stated_domains"]


def asked_domains(message: Message, scope: Scope) -> tuple[Domain, ...]:
    """Give the domains that a message brings into its decisions."""
    domains = [one.address.domain for one in message.reply_to]
    if message.from_ is not None:
        asked = message.from_.address.domain
        if scope.customer is not None and asked in scope.customer.alias_domains:
            domains.insert(0, scope.customer.alias_domains[asked])
        domains.insert(0, asked)
    if message.bounce_to is not None:
        domains.append(message.bounce_to.domain)
    return tuple(domains)


def stated_domains(scope: Scope) -> tuple[Domain, ...]:
    """Give the domains that play a part in the decisions of every mail of a scope, each once."""
    return tuple(dict.fromkeys(_stated(scope)))


def _stated(scope: Scope) -> Iterator[Domain]:
    for _, level in scope.levels:
        for stated in (level.fallback_sender, level.reply_to):
            if stated is not None:
                yield stated.address.domain
        for address in (level.bounce_address, level.admin_address):
            if address is not None:
                yield address.domain
    if scope.test_mode.recipient is not None:
        yield scope.test_mode.recipient.domain


def facts_of(domain: Domain, scope: Scope) -> DomainFacts:
    """Give what the configuration says of a domain."""
    return DomainFacts(proved_for=_proved_for(domain, scope), key_state=_key_state(domain, scope))


def offered_servers(scope: Scope, own: tuple[OfferedServer, ...] | None = None) -> tuple[OfferedServer, ...]:
    """Give the customer's servers, then the smarthosts.

    ``own`` are the customer's with what is known of their states; without it they are released only
    where the settings say so.
    """
    if own is None:
        own = _by_rules(scope)
    smarthosts = scope.application.smarthosts
    return (*own, *(OfferedServer(server=one, owner=Owner.APPLICATION) for one in smarthosts))


def _by_rules(scope: Scope) -> tuple[OfferedServer, ...]:
    customer = scope.customer
    if customer is None:
        return ()
    state = by_rules(customer)
    return tuple(
        OfferedServer(server=one.server, owner=Owner.CUSTOMER, state=state, senders=one.senders)
        for one in customer.servers
    )


def signers_for(domain: Domain, scope: Scope) -> tuple[SigningKey, ...]:
    """Give the active DKIM keys for a domain, ready to sign."""
    return tuple(_signer(str(domain), key.selector, key.key, key.password) for key in _keys(domain, scope))


def _proved_for(domain: Domain, scope: Scope) -> frozenset[Owner]:
    proved = set()
    patterns = scope.application.allowed_domains + scope.application.proved_for_smarthost
    if scope.customer is not None:
        patterns += scope.customer.proved_for_smarthost
        if scope.customer.server_released and scope.customer.owns(domain):
            proved.add(Owner.CUSTOMER)
    if any(pattern.matches(domain) for pattern in patterns):
        proved.add(Owner.APPLICATION)
    return frozenset(proved)


def _key_state(domain: Domain, scope: Scope) -> KeyState:
    keys = _keys(domain, scope)
    if not keys:
        return KeyState.NONE
    published = any(one.published for one in keys)
    return KeyState.PUBLISHED if published else KeyState.UNPUBLISHED


def _keys(domain: Domain, scope: Scope) -> tuple[DkimKey, ...]:
    """Give the active keys for a domain: the customer's own, else the application's."""
    customer, application = scope.customer, scope.application
    if customer is not None:
        own = _serving(customer.dkim_keys, domain, everywhere=customer.owns(domain))
        if own:
            return own
    ours = any(pattern.matches(domain) for pattern in application.allowed_domains) or (
        customer is not None and customer.owns(domain)
    )
    return _serving(application.dkim_keys, domain, everywhere=ours)


def _serving(keys: tuple[DkimKey, ...], domain: Domain, *, everywhere: bool) -> tuple[DkimKey, ...]:
    return tuple(
        one
        for one in keys
        if one.state is DkimKeyState.ACTIVE
        and (str(domain) in one.domains or ("*" in one.domains and everywhere))
    )


@lru_cache(maxsize=4096)
def _signer(domain: str, selector: str, key: Secret, password: Secret | None) -> SigningKey:
    from mailsend.compose.sign import Signer

    return Signer(domain=domain, selector=selector, key=key, password=password)
