"""What the configuration says of a scope, worked out once and kept: every mail asks for much of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mailsend.mailer.facts import facts_of, offered_servers, signers_for, stated_domains
from mailsend.mailer.looks import templates_for
from mailsend.model.bounce_tokens import BOUNCE_PURPOSE, BounceTokens
from mailsend.model.frozen import FrozenDict
from mailsend.model.secret import Secret

if TYPE_CHECKING:
    from mailsend.model.address import Domain
    from mailsend.model.circumstances import DomainFacts, SigningKey
    from mailsend.model.rules import Rules, Scope

__all__ = ["KnownScope", "known_scope", "scope_named"]

_MOST_SCOPES = 1024
_MOST_ASKED = 256  # senders' domains are few, those of Reply-To may be any

_known: dict[tuple[str, str | None, str | None], KnownScope] = {}


class KnownScope:
    """One scope's templates, servers and language, and facts and keys of the domains that mails ask about.

    ``servers`` are as far as the rules release them; ``locale`` is None where no scope states one, and
    ``verp`` where bounces cannot be told apart.
    """

    __slots__ = ("_asked", "_stated", "locale", "scope", "servers", "templates", "verp")

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.templates = templates_for(scope)
        self.servers = offered_servers(scope)
        self.locale: str | None = scope.first("locale")
        self.verp = _bounce_tokens(scope)
        self._stated = stated_domains(scope)
        self._asked: dict[
            tuple[Domain, ...], tuple[Mapping[Domain, DomainFacts], tuple[SigningKey, ...]]
        ] = {}

    def of(self, asked: tuple[Domain, ...]) -> tuple[Mapping[Domain, DomainFacts], tuple[SigningKey, ...]]:
        """Give what the rules say of the domains asked about and of those that the scope states.

        Beside these facts stand the keys that sign for them.
        """
        found = self._asked.get(asked)
        if found is None:
            domains = tuple(dict.fromkeys((*asked, *self._stated)))
            facts = FrozenDict({one: facts_of(one, self.scope) for one in domains})
            signers = tuple(key for one in domains for key in signers_for(one, self.scope))
            if len(self._asked) >= _MOST_ASKED:
                self._asked.clear()
            found = self._asked[asked] = facts, signers
        return found

    def is_of(self, scope: Scope) -> bool:
        """Whether this is about the very same rules."""
        mine = self.scope
        return mine is scope or (
            mine.application is scope.application
            and mine.customer is scope.customer
            and mine.business_unit is scope.business_unit
        )


def _bounce_tokens(scope: Scope) -> BounceTokens | None:
    """Give what tokens are made with where there is a store that can read them again."""
    application = scope.application
    if application.store is None or not application.secret_keys or scope.first("bounce_address") is None:
        return None
    from mailsend.store.vault import purpose_key

    key = purpose_key(application.secret_keys[0], BOUNCE_PURPOSE)
    return BounceTokens(key=Secret(key.hex()), delimiter=scope.bounce_delimiter)


def scope_named(customer: str | None, business_unit: str | None, rules: Rules) -> Scope:
    """Give the scope of a customer and its unit; the same as before, where they are known and the same.

    Raises UnknownCustomer for either.
    """
    found = _known.get((rules.version, customer, business_unit))
    if found is not None and found.scope.application is rules.application:
        holder = None if customer is None else rules.customers.get(customer)
        units = {} if holder is None else holder.business_units
        unit = None if business_unit is None else units.get(business_unit)
        if found.scope.customer is holder and found.scope.business_unit is unit:
            return found.scope
    return rules.scope(customer, business_unit)


def known_scope(scope: Scope, rules: Rules) -> KnownScope:
    """Give what is known of a scope; the same as long as its rules are the same objects.

    The version alone does not do: rules may be changed by hand and keep the version they had.
    """
    customer, unit = scope.customer, scope.business_unit
    key = (rules.version, customer.name if customer else None, unit.name if unit else None)
    found = _known.get(key)
    if found is None or not found.is_of(scope):
        if len(_known) >= _MOST_SCOPES:
            _known.clear()
        found = _known[key] = KnownScope(scope)
    return found
