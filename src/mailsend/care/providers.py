"""The duty of knowing who receives: a provider for each domain that mail went to (M43)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.mailer.clock import monotonic
from mailsend.model.providers import BY_DOMAIN, provider_by_mx
from mailsend.store.providers import KnownProvider

if TYPE_CHECKING:
    from mailsend.doctor.dns import Answer, Resolver

__all__ = ["PROVIDERS", "look_up_providers"]

_LONGEST: Final = 120.0  # seconds that one run takes, and the answers that are still awaited
_AT_ONCE: Final = 16  # questions side by side
_MOST: Final = 2_000  # domains in one run
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_SOON: Final = timedelta(hours=1)


def look_up_providers(mailer: Cared, now: datetime, *, resolver: Resolver | None = None) -> Mapping[str, Any]:
    """Find out who receives mail for domains of which nothing is known; tell how many, and how.

    The dated table goes before the DNS. What the DNS says holds for a day at least and a week at most;
    where it does not answer, it is asked again after an hour.
    """
    book = mailer.upkeep.providers
    until = monotonic() + _LONGEST
    told = {"table": 0, "mx": 0, "none": 0, "unanswered": 0}
    wanted = book.asked_for(now=now, most=_MOST)
    known = [
        KnownProvider(domain=one, provider=BY_DOMAIN[one], source="table", until=now + _WEEK)
        for one in wanted
        if one in BY_DOMAIN
    ]
    book.keep(known, now=now)
    told["table"] = len(known)
    left = [one for one in wanted if one not in BY_DOMAIN]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mailsend dns") as threads:
        ask = _asking(resolver, now)
        while left and monotonic() < until:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            found = list(threads.map(ask, some))
            book.keep([one for one, _ in found], now=now)
            for _, how in found:
                told[how] += 1
    more = bool(left) or len(wanted) == _MOST
    return {**told, MORE: True} if more else told


def _asking(resolver: Resolver | None, now: datetime) -> Callable[[str], tuple[KnownProvider, str]]:
    from mailsend.doctor.dns import AnswerKind, RecordKind, Resolver

    asked = resolver or Resolver()

    def ask(domain: str) -> tuple[KnownProvider, str]:
        answer = asked.lookup(domain, RecordKind.MX)
        if answer.kind is AnswerKind.NO_DATA:
            # Without MX the domain's own address takes its mail (RFC 5321, section 5.1).
            for kind in (RecordKind.AAAA, RecordKind.A):
                address = asked.lookup(domain, kind)
                if address.kind is AnswerKind.FOUND:
                    return _known(domain, (domain,), address, now), "mx"
                if address.kind is AnswerKind.TEMPORARY:
                    answer = address
        if answer.kind is AnswerKind.TEMPORARY:
            again = KnownProvider(domain=domain, provider="", source="none", until=now + _SOON)
            return again, "unanswered"
        hosts = [one for one in answer.values if one]  # a null MX has none (RFC 7505)
        return _known(domain, hosts, answer, now), "mx" if hosts else "none"

    return ask


def _known(domain: str, hosts: Sequence[str], answer: Answer, now: datetime) -> KnownProvider:
    return KnownProvider(
        domain=domain,
        provider=provider_by_mx(hosts),
        source="mx" if hosts else "none",
        until=now + min(max(timedelta(seconds=answer.ttl), _DAY), _WEEK),
    )


PROVIDERS: Final = Duty(name="providers", every=600.0, run=look_up_providers)
