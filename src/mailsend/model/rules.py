"""The configuration as a value: application, customers, business units, and what they inherit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from mailsend.errors import UnknownCustomer
from mailsend.model.address import Address, Domain, DomainPattern, Mailbox
from mailsend.model.bounce_mailbox import BounceMailbox
from mailsend.model.bounce_tokens import DEFAULT_DELIMITER
from mailsend.model.branding import Branding, Logo
from mailsend.model.rules_parts import (
    AliasMode,
    CustomerServer,
    DkimKey,
    DkimKeyState,
    RetryRules,
    TestMode,
)
from mailsend.model.secret import Secret
from mailsend.model.server import Server

if TYPE_CHECKING:
    from mailsend.model.internal_network import InternalNetwork

__all__ = [
    "AliasMode",
    "Application",
    "Branding",
    "BusinessUnit",
    "Customer",
    "CustomerServer",
    "DkimKey",
    "DkimKeyState",
    "Level",
    "Logo",
    "RetryRules",
    "Rules",
    "Scope",
    "TestMode",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What every scope may say; ``None`` (or empty) leaves it to the scope around it."""

    fallback_sender: Mailbox | None = None
    allowed_domains: tuple[DomainPattern, ...] = ()
    reply_to: Mailbox | None = None
    notification_sender: Mailbox | None = None
    contact: Address | None = None
    admin_address: Address | None = None
    bounce_address: Address | None = None
    bounce_delimiter: str | None = None
    bounce_mailbox: BounceMailbox | None = None
    locale: str | None = None
    timezone: str | None = None
    max_message_size: int | None = None
    max_visible_recipients: int | None = None
    blocked_extensions: tuple[str, ...] | None = None
    archive_bcc: Address | None = None
    log_subjects: bool | None = None
    protected_names: tuple[str, ...] = ()
    template_dirs: tuple[str, ...] = ()
    branding: Branding = field(default_factory=Branding)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessUnit(Level):
    """A part of a customer with a fallback sender, branding and language of its own."""

    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer(Level):
    """One client of the application: its domains, its servers, its look."""

    name: str = ""
    alias_domains: Mapping[Domain, Domain] = field(default_factory=lambda: MappingProxyType({}))
    alias_mode: AliasMode = AliasMode.REWRITE
    emergency_contact: Address | None = None
    servers: tuple[CustomerServer, ...] = ()
    internal_servers: tuple[InternalNetwork, ...] = ()
    server_released: bool = False
    fallback_to_smarthost: bool = False
    proved_for_smarthost: tuple[DomainPattern, ...] = ()
    dkim_keys: tuple[DkimKey, ...] = ()
    test_mode: TestMode | None = None
    log_days: int = 28
    content_days: int = 28
    rejected_local_part_characters: str = ""
    business_units: Mapping[str, BusinessUnit] = field(default_factory=lambda: MappingProxyType({}))

    def owns(self, domain: Domain) -> bool:
        """Whether ``domain`` is one of this customer's: allowed, or an alias of an allowed one."""
        units = [one.allowed_domains for one in self.business_units.values()]
        for allowed in (self.allowed_domains, *units):
            for pattern in allowed:
                if pattern.matches(domain):
                    return True
        return domain in self.alias_domains


@dataclass(frozen=True, slots=True, kw_only=True)
class Application(Level):
    """The program that imports mailsend: its smarthosts, its fallback sender, its admin."""

    fallback_sender: Mailbox
    name: str = ""
    smarthosts: tuple[Server, ...] = ()
    proved_for_smarthost: tuple[DomainPattern, ...] = ()
    dkim_keys: tuple[DkimKey, ...] = ()
    test_mode: TestMode = field(default_factory=TestMode)
    retry: RetryRules = field(default_factory=RetryRules)
    store: Secret | None = None
    directory: str | None = None
    secret_keys: tuple[Secret, ...] = ()
    lease: float = 120.0
    interceptors: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One place in the house of rules: the application, perhaps a customer, perhaps its unit.

    ``levels`` are these from the inside out, each with its name: business_unit, customer, application.
    """

    application: Application
    customer: Customer | None = None
    business_unit: BusinessUnit | None = None
    levels: tuple[tuple[str, Level], ...] = field(init=False, repr=False, compare=False)
    _asked: dict[str, Any] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named = (
            ("business_unit", self.business_unit),
            ("customer", self.customer),
            ("application", self.application),
        )
        levels = tuple([(name, level) for name, level in named if level is not None])
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "_asked", {})

    def first(self, key: str) -> Any:
        """Give the innermost value of the field ``key`` that a scope states, else None."""
        asked = self._asked  # mail after mail asks for the same
        if key not in asked:
            stated = [getattr(level, key) for _, level in self.levels]
            asked[key] = next((one for one in stated if one is not None), None)
        return asked[key]

    @property
    def allowed_domains(self) -> tuple[DomainPattern, ...]:
        """The domains that a requested sender may have here.

        A unit's own, else its customer's; the application's only where no customer is given.
        """
        if self.customer is None:
            return self.application.allowed_domains
        if self.business_unit is not None and self.business_unit.allowed_domains:
            return self.business_unit.allowed_domains
        return self.customer.allowed_domains

    def allows(self, domain: Domain) -> bool:
        """Whether a requested sender in ``domain`` may be used here."""
        return any(pattern.matches(domain) for pattern in self.allowed_domains)

    def owns(self, domain: Domain) -> bool:
        """Whether ``domain`` is one of this scope's customer."""
        return self.customer is not None and self.customer.owns(domain)

    def is_bounce_mailbox(self, address: Address) -> bool:
        """Whether bounces of this scope are read from ``address``, with any token or ``+detail`` (M16)."""
        for _, level in self.levels:
            stated = level.bounce_address
            if stated is not None and _same_mailbox(stated, address, self.bounce_delimiter):
                return True
        return False

    @property
    def bounce_delimiter(self) -> str:
        """What stands between a bounce address and the token behind it here (M15)."""
        found: str | None = self.first("bounce_delimiter")
        return found or DEFAULT_DELIMITER

    @property
    def alias_mode(self) -> AliasMode:
        """What becomes of a sender in an alias domain here."""
        return AliasMode.REWRITE if self.customer is None else self.customer.alias_mode

    def main_address(self, address: Address) -> Address | None:
        """Give the same local part in the main domain, where ``address`` is in an alias domain."""
        aliases = {} if self.customer is None else self.customer.alias_domains
        main = aliases.get(address.domain)
        return None if main is None else Address(address.local_part, main)

    @property
    def test_mode(self) -> TestMode:
        """The test mode in force: the customer's where it is on, else the application's."""
        own = self.customer.test_mode if self.customer else None
        if own is not None and own.enabled:
            return TestMode(enabled=True, recipient=own.recipient or self.application.test_mode.recipient)
        return self.application.test_mode

    @property
    def branding(self) -> Branding:
        """The look in force: each field from the innermost scope that states it.

        A scope whose branding is switched off is passed over.
        """
        kept = [level.branding for _, level in self.levels if level.branding.enabled is not False]
        colors: dict[str, str] = {}
        for one in reversed(kept):
            colors.update(one.colors)

        def first(key: str) -> Any:
            return next((v for one in kept if (v := getattr(one, key)) is not None), None)

        return Branding(
            enabled=True,
            partner_name=first("partner_name"),
            contact=first("contact"),
            legal_notice=first("legal_notice"),
            support_phone=first("support_phone"),
            support_email=first("support_email"),
            logo=first("logo"),
            colors=MappingProxyType(colors),
        )


def _same_mailbox(stated: Address, other: Address, delimiter: str) -> bool:
    """Compare addresses without case and without what stands behind a delimiter or a + (RFC 5233)."""
    if stated.domain.ascii != other.domain.ascii:
        return False
    mine, others = stated.local_part.casefold(), other.local_part.casefold()
    return others.startswith(f"{mine}{delimiter}") or mine.partition("+")[0] == others.partition("+")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole configuration, checked when it was made, so that deciding has no error branch.

    ``version`` is the digest of its content (SHA-256, the first 16 hexadecimal digits).
    """

    application: Application
    customers: Mapping[str, Customer] = field(default_factory=lambda: MappingProxyType({}))
    version: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rules:
        """Build rules from ``{"application": {…}, "customers": {name: {…}}}``.

        There is at most one customer. The shape is that of ``mailsend.toml``; keys and logos are
        text or bytes, never paths. Raises InvalidSettings that names scope and key.
        """
        from mailsend.model.rules_reader import read_rules

        return read_rules(data, most_customers=1)

    def scope(self, customer: str | None = None, business_unit: str | None = None) -> Scope:
        """Give the scope of a customer and its unit; raises UnknownCustomer for either."""
        if customer is None:
            return Scope(application=self.application)
        found = self.customers.get(customer)
        if found is None:
            raise UnknownCustomer(customer, known=tuple(self.customers))
        if business_unit is None:
            return Scope(application=self.application, customer=found)
        unit = found.business_units.get(business_unit)
        if unit is None:
            raise UnknownCustomer(
                f"{customer}.business_units.{business_unit}", known=tuple(found.business_units)
            )
        return Scope(application=self.application, customer=found, business_unit=unit)
