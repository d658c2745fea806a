"""The limits of the settings' own servers, written down for all who claim: they know the store's rows alone."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import TYPE_CHECKING, Final

from mailsend.decide.limit import is_limited, limit_of
from mailsend.mailer.clock import utc_now
from mailsend.store.buckets import lane_name

if TYPE_CHECKING:
    from mailsend.decide.limit import Limit
    from mailsend.model.rules import Rules
    from mailsend.model.server import Server
    from mailsend.store.limits import LimitBook

__all__ = ["OwnRates", "limits_in"]

_log: Final = logging.getLogger("mailsend.limits")


def limits_in(rules: Rules) -> dict[str, Limit]:
    """Give the limits that servers of the rules have, by the names they are counted under."""
    return {lane_name(one): limit_of(one) for one in _servers(rules) if is_limited(one)}


def _servers(rules: Rules) -> tuple[Server, ...]:
    customers = [one.server for customer in rules.customers.values() for one in customer.servers]
    return (*rules.application.smarthosts, *customers)


class OwnRates:
    """Writes the rates of one Mailer's servers down before its first claim."""

    def __init__(self, rules: Rules) -> None:
        # Mails may still wait for a limit that the settings have no more; servers in the store may have it.
        names = map(lane_name, _servers(rules))
        self._limits: dict[str, Limit | None] = {**dict.fromkeys(names), **limits_in(rules)}
        self._kept = not self._limits

    def keep(self, limits: LimitBook) -> None:
        """Write them down, once; what is claimed next is counted by them."""
        if not self._kept:
            writing = limits.keeping(self._limits, utc_now())
            self._kept = True
            writing.add_done_callback(self._was_kept)

    def _was_kept(self, writing: Future[None]) -> None:
        problem = writing.exception()
        if problem is not None:
            _log.warning("the limits of the settings are not written down: %s", problem)
            self._kept = False
