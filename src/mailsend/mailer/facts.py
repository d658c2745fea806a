"""What the configuration says of sender domains: proofs, keys, servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from mailsend.model.address import Domain
from mailsend.model.circumstances import DomainFacts, KeyState, OfferedServer, Owner, SigningKey
from mailsend.model.message import Message
from mailsend.model.rules import DkimKey, DkimKeyState, Scope
from mailsend.model.secret import Secret
from mailsend.model.server import ServerState

__all__ = ["domain_facts", "offered_servers", "playing_domains", "signers_for"]


def playing_domains(message: Message, scope: Scope) -> tuple[Domain, ...]:
    """Give every domain that can play a part in this mail's decisions, each once."""
    return tuple(dict.fromkeys(_domains(message, scope)))


def _domains(message: Message, scope: Scope) -> Iterator[Domain]:
    if message.from_ is not None:
        asked = message.from_.address.domain
        yield asked
        if scope.customer is not None and asked in scope.customer.alias_domains:
            yield scope.customer.alias_domains[asked]
    for mailbox in message.reply_to:
        yield mailbox.address.domain
    if message.bounce_to is not None:
        yield message.bounce_to.domain
    for _, level in scope.levels:
        for stated in (level.fallback_sender, level.reply_to):
            if stated is not None:
                yield stated.address.domain
        for address in (level.bounce_address, level.admin_address):
            if address is not None:
                yield address.domain
    if scope.test_mode.recipient is not None:
        yield scope.test_mode.recipient.domain


def domain_facts(domains: Iterable[Domain], scope: Scope) -> Mapping[Domain, DomainFacts]:
    """Give what the configuration says of each domain."""
    return {
        one: DomainFacts(proved_for=_proved_for(one, scope), key_state=_key_state(one, scope))
        for one in domains
    }


def offered_servers(scope: Scope) -> tuple[OfferedServer, ...]:
    """Give the customer's servers, released only where the settings say so, then the smarthosts."""
    offered: list[OfferedServer] = []
    if scope.customer is not None:
        state = ServerState.RELEASED if scope.customer.server_released else ServerState.LOCKED
        offered.extend(
            OfferedServer(server=one.server, owner=Owner.CUSTOMER, state=state, senders=one.senders)
            for one in scope.customer.servers
        )
    offered.extend(OfferedServer(server=one, owner=Owner.APPLICATION) for one in scope.application.smarthosts)
    return tuple(offered)


def signers_for(domains: Iterable[Domain], scope: Scope) -> tuple[SigningKey, ...]:
    """Give the active DKIM keys for each domain, ready to sign."""
    return tuple(
        _signer(str(domain), key.selector, key.key, key.password)
        for domain in domains
        for key in _keys(domain, scope)
    )


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
