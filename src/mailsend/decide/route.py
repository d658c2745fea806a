"""Which servers may carry the mail, in which order (P1, Q6, S1, M7, M8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mailsend.model.address import Address, Domain
from mailsend.model.circumstances import Circumstances, OfferedServer, Owner
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.health import WELL, Health, Standing
from mailsend.model.message import Message
from mailsend.model.server import Server, ServerKind, ServerState, TlsMode
from mailsend.model.submission import Refusal

if TYPE_CHECKING:
    from mailsend.decide.sender import SenderDecision

__all__ = [
    "RoutePassedOver",
    "RoutesDecision",
    "RoutesReason",
    "RoutesRefused",
    "SecondLook",
    "SecondLookPassedOver",
    "SecondLookReason",
    "choose_routes",
    "second_look",
]


class RoutesReason(StrEnum):
    """Why these servers, in this order."""

    SENDER_ADDRESS = "sender_address"
    SENDER_DOMAIN = "sender_domain"
    CUSTOMER = "customer"
    SMARTHOST = "smarthost"


class RoutePassedOver(StrEnum):
    """Why a server is not offered the mail."""

    NOT_RELEASED = "not_released"
    SENDER_OUTSIDE_CUSTOMER = "sender_outside_customer"
    OTHER_SENDERS = "other_senders"
    OWN_SERVER_INSTEAD = "own_server_instead"
    NOT_PROVED = "not_proved"
    TLS_NOT_REQUIRED = "tls_not_required"
    INTERNAL_RECIPIENT = "internal_recipient"


class RoutesRefused(StrEnum):
    """Why no server is left."""

    NO_ROUTE = "no_route"


class SecondLookReason(StrEnum):
    """Why the servers are tried in this order now."""

    AS_DECIDED = "as_decided"
    BY_HEALTH = "by_health"


class SecondLookPassedOver(StrEnum):
    """Why a server waits behind one that was decided to come after it."""

    SLOWED = "slowed"
    SUSPECT = "suspect"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesDecision(Decision):
    """The servers in the order in which they are tried; at least one."""

    step: ClassVar[str] = "routes"
    offered: tuple[OfferedServer, ...]

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers themselves."""
        return tuple([one.server for one in self.offered])

    @property
    def owners(self) -> frozenset[Owner]:
        """Whose servers are among them."""
        return frozenset([one.owner for one in self.offered])

    def value(self) -> list[str]:
        """Give the servers' names."""
        return [one.name for one in self.servers]

    def facts(self) -> dict[str, Any]:
        """Give whose each server is, and the preset behind each trait that no setting says."""
        presets = {
            one.server.name: dict(one.server.traits_from) for one in self.offered if one.server.traits_from
        }
        owners = {"owners": [str(one.owner) for one in self.offered]}
        return {**owners, "traits_from": presets} if presets else owners


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLook(Decision):
    """The same servers in the order in which they are tried now."""

    step: ClassVar[str] = "second_look"
    servers: tuple[Server, ...]

    def value(self) -> list[str]:
        """Give the servers' names."""
        return [one.name for one in self.servers]


_BEST_FIRST = tuple(Standing)
_RANK = (RoutesReason.SENDER_ADDRESS, RoutesReason.SENDER_DOMAIN, RoutesReason.CUSTOMER)


def choose_routes(
    message: Message,
    sender: SenderDecision,
    recipients: Iterable[Address],
    circumstances: Circumstances,
) -> RoutesDecision | Refusal:
    """Order the servers that may carry this sender; refuse where there is none."""
    passed: list[PassedOver] = []
    address = sender.mailbox.address
    special_use = tuple(one.domain for one in recipients if one.domain.is_special_use)
    own_server = any(
        one.owner is Owner.CUSTOMER and one.state is ServerState.RELEASED for one in circumstances.servers
    )
    kept: list[tuple[int, OfferedServer]] = []
    for offered in circumstances.servers:
        why, facts = _obstacle(offered, message, address, special_use, circumstances, own_server=own_server)
        if why is None:
            kept.append((_rank(offered, address), offered))
            continue
        passed.append(
            PassedOver(candidate=offered.server.name, source=str(offered.owner), reason=why, facts=facts)
        )
    if not kept:
        return Refusal(
            step=RoutesDecision.step,
            reason=RoutesRefused.NO_ROUTE,
            advice=_advice(circumstances),
            passed_over=tuple(passed),
        )
    kept.sort(key=lambda one: one[0])
    best = kept[0][0]
    return RoutesDecision(
        reason=_RANK[best] if best < len(_RANK) else RoutesReason.SMARTHOST,
        offered=tuple(offered for _, offered in kept),
        passed_over=tuple(passed),
    )


def second_look(
    routes: RoutesDecision, sender: Address, health: Mapping[Server, Health], now: float
) -> SecondLook:
    """Let servers that are well go before those that are not, where both were chosen for one reason.

    None is left out, and none overtakes a server that was chosen before it for another reason: a
    customer's mail never goes to the smarthosts because the customer's server is unwell (M7).
    """
    offered = routes.offered
    known = tuple(health.get(one.server, WELL) for one in offered)
    stands = tuple(_BEST_FIRST.index(one.standing(now)) for one in known)
    order = sorted(range(len(offered)), key=lambda one: (_rank(offered[one], sender), stands[one]))
    behind = tuple(
        PassedOver(
            candidate=offered[one].server.name,
            source=str(offered[one].owner),
            reason=SecondLookPassedOver(known[one].standing(now)),
            facts={"why": known[one].why},
        )
        for place, one in enumerate(order)
        if any(other > one for other in order[:place])
    )
    return SecondLook(
        reason=SecondLookReason.BY_HEALTH if behind else SecondLookReason.AS_DECIDED,
        servers=tuple(offered[one].server for one in order),
        passed_over=behind,
    )


def _obstacle(
    offered: OfferedServer,
    message: Message,
    sender: Address,
    special_use: tuple[Domain, ...],
    circumstances: Circumstances,
    *,
    own_server: bool,
) -> tuple[RoutePassedOver | None, dict[str, str]]:
    server = offered.server
    customer = circumstances.scope.customer
    owner = customer if customer is not None and customer.owns(sender.domain) else None
    if offered.owner is Owner.CUSTOMER:
        if offered.state is not ServerState.RELEASED:
            return RoutePassedOver.NOT_RELEASED, {"state": str(offered.state)}
        if owner is None:
            return RoutePassedOver.SENDER_OUTSIDE_CUSTOMER, {"sender": str(sender)}
    elif own_server and owner is not None:
        if not owner.fallback_to_smarthost:
            return RoutePassedOver.OWN_SERVER_INSTEAD, {}
        if Owner.APPLICATION not in circumstances.facts_of(sender.domain).proved_for:
            return RoutePassedOver.NOT_PROVED, {"domain": str(sender.domain)}
    if _senders(offered) and not _matches(_senders(offered), sender):
        return RoutePassedOver.OTHER_SENDERS, {"sender": str(sender)}
    if message.require_tls and not _verifies_tls(server):
        return RoutePassedOver.TLS_NOT_REQUIRED, {}
    for domain in special_use:
        if not (server.carries_special_use or any(one.matches(domain) for one in server.internal_domains)):
            return RoutePassedOver.INTERNAL_RECIPIENT, {"domain": str(domain)}
    return None, {}


def _verifies_tls(server: Server) -> bool:
    return server.kind is not ServerKind.SMTP or server.tls in (TlsMode.STARTTLS, TlsMode.IMPLICIT)


def _senders(offered: OfferedServer) -> tuple[str, ...]:
    return offered.senders or offered.server.senders


def _matches(senders: tuple[str, ...], address: Address) -> bool:
    return _names(senders, address) or _names_domain(senders, address)


def _names(senders: tuple[str, ...], address: Address) -> bool:
    return any(one.casefold() == address.key for one in senders)


def _names_domain(senders: tuple[str, ...], address: Address) -> bool:
    return any(one.casefold() == f"@{address.domain}" for one in senders)


def _rank(offered: OfferedServer, address: Address) -> int:
    if offered.owner is Owner.APPLICATION:
        return len(_RANK)
    if _names(offered.senders, address):
        return _RANK.index(RoutesReason.SENDER_ADDRESS)
    if _names_domain(offered.senders, address):
        return _RANK.index(RoutesReason.SENDER_DOMAIN)
    return _RANK.index(RoutesReason.CUSTOMER)


def _advice(circumstances: Circumstances) -> str:
    if not circumstances.servers:
        return "Set application.smarthosts, or SMTP_URL in the environment."
    return "Each server was passed over for its own reason; release one, or add one that fits."
