"""The one schema of the configuration: the same for ``mailsend.toml`` and ``Rules.from_dict``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from mailsend.model import rules_values as values
from mailsend.model.bounce_mailbox import bounce_mailbox
from mailsend.model.bounce_tokens import DELIMITERS
from mailsend.model.reading import Converter, Place, choice, enum_of, flag, number, text, whole
from mailsend.model.reading_tables import Named, Pairs, Table, listed
from mailsend.model.rules import (
    AliasMode,
    Application,
    Branding,
    BusinessUnit,
    Customer,
    DkimKey,
    DkimKeyState,
    RetryRules,
    Rules,
    TestMode,
)
from mailsend.model.rules_checks import check_rules
from mailsend.model.rules_servers import (
    customer_server,
    customer_servers,
    internal_networks,
    of_a_customer,
    smarthost,
    smarthosts,
)
from mailsend.model.rules_version import version_of
from mailsend.model.server_options import pattern, secret

__all__ = ["SCHEMA", "read_customer", "read_rules"]


def read_rules(
    data: Mapping[str, Any],
    most_customers: int | None = None,
    said_by: Callable[[str], str] | None = None,
) -> Rules:
    """Build Rules from ``{"application": {…}, "customers": {name: {…}}}``, and check them.

    Raises InvalidSettings that tells every problem with scope and key, and with the variable or file
    that ``said_by`` gives for the key; a rule that joins several keys is only looked at when each
    key by itself is right.
    """
    place = Place()
    rules: Rules | None = SCHEMA(data, place)
    if rules is None or place.problems:
        place.fail(said_by)
    if most_customers is not None and len(rules.customers) > most_customers:
        place.key("customers").refuse(
            f"there are {len(rules.customers)} customers, and at most {most_customers} can stand here",
            "Give the rules of the customer that the message is for.",
        )
    _check_directory(rules, place)
    return _checked(rules, place, said_by)


def read_customer(name: str, data: Mapping[str, Any], application: Application) -> Rules:
    """Build the Rules of one customer, ``data`` being what stands under ``[customers.NAME]``, and check them.

    Raises InvalidSettings as ``read_rules`` does.
    """
    place = Place()
    read = Named(_CUSTOMER)({name: data}, place.key("customers"))
    if read is None or place.problems:
        place.fail()
    return _checked(Rules(application=application, customers=MappingProxyType(read)), place, None)


def _checked(rules: Rules, place: Place, said_by: Callable[[str], str] | None) -> Rules:
    check_rules(rules, place)
    if place.problems:
        place.fail(said_by)
    return replace(rules, version=version_of(rules))


def _check_directory(rules: Rules, place: Place) -> None:
    """Refuse customers in two places, and a store's customers without a store (T4)."""
    if rules.application.directory is None:
        return
    if rules.customers:
        place.key("customers").refuse(
            "customers come from the store",
            "Enter them there (mailsend customer set), or leave application.directory out.",
        )
    if rules.application.store is None:
        place.key("application").key("directory").refuse(
            "customers shall come from the store, and there is none",
            'Set one: store = "sqlite:///mailsend.db".',
        )


def _either(one: str, several: str, given: dict[str, Any], place: Place) -> tuple[Any, ...]:
    """Take what stands under ``several``, or the one thing under ``one``."""
    if one in given and several in given:
        place.key(one).refuse(f"{one} and {several} are both set", f"Write {several} alone.")
    short = (given.pop(one),) if one in given else ()
    found: tuple[Any, ...] = given.pop(several, short)
    return found


def _refused_within(place: Place) -> bool:
    return any(one.where.startswith(place.path) for one in place.problems)


def _branding(given: dict[str, Any], _place: Place) -> Branding:
    return Branding(**{**given, "colors": MappingProxyType(given.get("colors", {}))})


def _dkim_key(given: dict[str, Any], place: Place) -> DkimKey | None:
    missing = [name for name in ("selector", "key") if name not in given]
    domains = _either("domain", "domains", given, place)
    if not domains:
        missing.insert(0, "domain")
    if not _refused_within(place):
        for name in missing:
            place.key(name).refuse("a DKIM key needs it, and it is missing", f"Write {name}.")
    return None if missing else DkimKey(domains=domains, **given)


def _customer(given: dict[str, Any], place: Place) -> Customer:
    networks = given.get("internal_servers", ())
    servers = tuple(
        replace(one, server=of_a_customer(one.server, networks))
        for one in _either("server", "servers", given, place)
    )
    aliases = MappingProxyType(given.pop("alias_domains", {}))
    units = MappingProxyType(given.pop("business_units", {}))
    return Customer(**given, servers=servers, alias_domains=aliases, business_units=units)


def _application(given: dict[str, Any], place: Place) -> Application | None:
    smarthosts = _either("smarthost", "smarthosts", given, place)
    if "fallback_sender" not in given:
        if not _refused_within(place):  # what is misspelt shall not be called missing too
            place.key("fallback_sender").refuse(
                "it is missing, and the application must have one",
                'Write fallback_sender = "Name <no-reply@your.domain>" under [application].',
            )
        return None
    interceptors = MappingProxyType(given.pop("interceptors", {}))
    return Application(**given, smarthosts=smarthosts, interceptors=interceptors)


def _rules(given: dict[str, Any], place: Place) -> Rules | None:
    application = given.get("application")
    if application is None:
        if not place.problems:
            _APPLICATION.read({}, place.key("application"))
        return None
    return Rules(application=application, customers=MappingProxyType(given.get("customers", {})))


_TEN_YEARS: Final = 315_360_000.0  # seconds

_LOOK: Final[dict[str, Converter]] = {
    "partner_name": text(),
    "contact": text(lines=True),
    "legal_notice": text(lines=True),
    "support_phone": text(),
    "support_email": values.support_address,
    "logo": values.logo,
    "colors": Pairs(values.color_name, values.color),
}
_DKIM_KEYS: Final = listed(
    Table(
        {
            "domain": values.key_domains,
            "domains": listed(values.key_domains),
            "selector": values.selector,
            "key": values.pem,
            "key_file": values.not_here("key"),
            "password": secret,
            "password_file": values.not_here("password"),
            "state": enum_of(DkimKeyState),
            "published": flag,
        },
        _dkim_key,
    )
)
_TEST_MODE: Final = Table(
    {"enabled": flag, "recipient": values.address},
    lambda given, _: TestMode(**given),
)

_EVERYWHERE: Final[dict[str, Converter]] = {
    "fallback_sender": values.mailbox,
    "allowed_domains": listed(pattern),
    "reply_to": values.mailbox,
    "notification_sender": values.mailbox,
    "contact": values.address,
    "locale": values.locale,
    "timezone": values.timezone,
    "max_message_size": whole(),
    "max_visible_recipients": whole(),
    "blocked_extensions": listed(values.extension),
    "archive_bcc": values.address,
    "log_subjects": flag,
    "protected_names": listed(text()),
    "template_dirs": listed(text()),
    "branding": Table(_LOOK, _branding),
}

_BUSINESS_UNIT: Final = Table(_EVERYWHERE, lambda given, _: BusinessUnit(**given))

_CUSTOMER: Final = Table(
    {
        **_EVERYWHERE,
        "admin_address": values.address,
        "alias_domains": Pairs(values.domain, values.domain),
        "alias_mode": enum_of(AliasMode),
        "bounce_address": values.address,
        "bounce_delimiter": choice(*DELIMITERS),
        "bounce_mailbox": bounce_mailbox,
        "branding": Table({**_LOOK, "enabled": flag}, _branding),
        "business_units": Named(_BUSINESS_UNIT),
        "content_days": whole(),
        "dkim_keys": _DKIM_KEYS,
        "emergency_contact": values.address,
        "fallback_to_smarthost": flag,
        "internal_servers": internal_networks,
        "log_days": whole(),
        "proved_for_smarthost": listed(pattern),
        "rejected_local_part_characters": text(empty=True),
        "server": customer_server,
        "server_released": flag,
        "servers": customer_servers,
        "test_mode": _TEST_MODE,
    },
    _customer,
)

_APPLICATION: Final = Table(
    {
        **_EVERYWHERE,
        "admin_address": values.address,
        "bounce_address": values.address,
        "bounce_delimiter": choice(*DELIMITERS),
        "bounce_mailbox": bounce_mailbox,
        "directory": choice("store"),
        "dkim_keys": _DKIM_KEYS,
        "interceptors": Table(
            {moment: listed(values.dotted_path) for moment in ("before", "check", "after")},
            lambda given, _: given,
        ),
        "lease": number(above=0, most=_TEN_YEARS),
        "name": text(),
        "proved_for_smarthost": listed(pattern),
        "retry": Table(
            {
                "first": number(above=0, most=_TEN_YEARS),
                "factor": number(least=1),
                "window": number(above=0, most=_TEN_YEARS),
                "unknown": choice("resend", "hold"),
                "unknown_after": number(most=_TEN_YEARS),
                "unknown_resends": whole(),
            },
            lambda given, _: RetryRules(**given),
        ),
        "secret_keys": listed(secret, separator=r"[\s,]+"),
        "secret_keys_file": values.not_here("secret_keys"),
        "smarthost": smarthost,
        "smarthosts": smarthosts,
        "store": values.store_url,
        "test_mode": _TEST_MODE,
    },
    _application,
)

SCHEMA: Final = Table({"application": _APPLICATION, "customers": Named(_CUSTOMER)}, _rules)
