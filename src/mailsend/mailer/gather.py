"""Read once, before thought begins, everything that deciding needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from mailsend.errors import UnknownCustomer
from mailsend.mailer.facts import asked_domains, offered_servers
from mailsend.mailer.known_scopes import known_scope, scope_named
from mailsend.model.address import Domain
from mailsend.model.circumstances import Circumstances, DomainFacts, OfferedServer, Owner
from mailsend.model.frozen import FrozenDict
from mailsend.model.message import Message
from mailsend.model.rules import Rules, Scope, TestMode
from mailsend.model.server import ServerState
from mailsend.model.submission import Refusal

__all__ = ["DEFAULT_LOCALE", "RulesRefused", "find_scope", "gather"]

DEFAULT_LOCALE = "en"
NOBODY_LISTED: Mapping[str, str] = FrozenDict({})


class RulesRefused(StrEnum):
    """Why there are no rules for a message."""

    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_BUSINESS_UNIT = "unknown_business_unit"
    BUSINESS_UNIT_ALONE = "business_unit_alone"
    INVALID = "invalid"


def find_scope(customer: str | None, business_unit: str | None, rules: Rules) -> Scope | Refusal:
    """Give the scope that a message names, or the refusal where there is none."""
    if customer is None and business_unit is not None:
        return Refusal(
            step="rules",
            reason=RulesRefused.BUSINESS_UNIT_ALONE,
            facts={"customer": customer, "business_unit": business_unit},
            advice="Name the customer that the business unit belongs to.",
        )
    try:
        return scope_named(customer, business_unit, rules)
    except UnknownCustomer as problem:
        known = customer in rules.customers
        return Refusal(
            step="rules",
            reason=RulesRefused.UNKNOWN_BUSINESS_UNIT if known else RulesRefused.UNKNOWN_CUSTOMER,
            facts={"customer": customer, "business_unit": business_unit},
            advice=problem.advice,
        )


def gather(
    message: Message,
    scope: Scope,
    rules: Rules,
    *,
    now: datetime,
    id: str,
    test_mode: TestMode,
    also: tuple[Domain, ...] = (),
    own: tuple[OfferedServer, ...] | None = None,
    suppressed: Mapping[str, str] = NOBODY_LISTED,
) -> Circumstances:
    """Give the circumstances of one message; ``now`` is UTC, ``id`` the mail's own id.

    ``also`` names domains that play a part although neither message nor scope names them; ``own`` are
    the customer's servers where more than the rules is known of them; ``suppressed`` says of addresses
    of this message why they get none.
    """
    known = known_scope(scope, rules)
    facts, signers = known.of((*asked_domains(message, scope), *also))
    return Circumstances(
        rules=rules,
        scope=scope,
        now=now,
        id=id,
        locale=message.locale or known.locale or DEFAULT_LOCALE,
        test_mode=test_mode,
        servers=known.servers if own is None else offered_servers(scope, own),
        domain_facts=_with_proofs(facts, scope, own),
        renderer=known.templates,
        signers=signers,
        suppressed=suppressed,
        verp=known.verp,
    )


def _with_proofs(
    facts: Mapping[Domain, DomainFacts], scope: Scope, own: tuple[OfferedServer, ...] | None
) -> Mapping[Domain, DomainFacts]:
    """Count the customer's domains as proved for its servers as soon as one of them is released."""
    if own is None or not any(one.state is ServerState.RELEASED for one in own):
        return facts
    return {
        domain: replace(known, proved_for=known.proved_for | {Owner.CUSTOMER})
        if scope.owns(domain)
        else known
        for domain, known in facts.items()
    }
