"""The duty of knowing who receives: a provider for each domain that mail went to (M43)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.mailer.clock import monotonic
from mailsend.model.domain import Domain
from mailsend.model.providers import BY_DOMAIN, provider_by_mx
from mailsend.store.known_provider import KnownProvider

if TYPE_CHECKING:
    from mailsend.doctor.dns import Answer, Resolver

__all__ = ["PROVIDERS", "look_up_providers"]

_LONGEST: Final = 120.0  # seconds that one run takes, and the answers that are still awaited
_AT_ONCE: Final = 16  # questions side by side
_MOST: Final = 2_000  # domains in one run
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)
_SOON: Final = timedelta(hours=1)
# Set aside for examples: nobody has mail there (RFC 2606).
_EXAMPLES: Final = tuple(Domain(one) for one in ("example", "example.com", "example.net", "example.org"))


def look_up_providers(mailer: Cared, now: datetime, *, resolver: Resolver | None = None) -> Mapping[str, Any]:
    """Find out who receives mail for domains of which nothing is known; tell how many, and how.

    The dated table goes before the DNS. What the DNS says holds for a day at least and a week at most;
    where it does not answer, it is asked again after an hour.
    """
    book = mailer.upkeep.providers
    until = monotonic() + _LONGEST
    wanted = book.asked_for(now=now, most=_MOST)
    plain = [known for one in wanted if (known := _without_dns(one, now)) is not None]
    book.keep(plain, now=now)
    told = {source: sum(one.source == source for one in plain) for source in ("table", "mx", "none")}
    told["unanswered"] = 0
    known_already = {one.domain for one in plain}
    left = [one for one in wanted if one not in known_already]
    if left:
        ask = _asking(resolver, now)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="mailsend dns") as threads:
        while left and monotonic() < until:
            some, left = left[:_AT_ONCE], left[_AT_ONCE:]
            answers = dict(zip(some, threads.map(ask, some), strict=True))
            found = [one for one in answers.values() if one is not None]
            silent = [domain for domain, one in answers.items() if one is None]
            book.keep(found, now=now)
            book.postpone(silent, until=now + _SOON, now=now)
            for one in found:
                told[one.source] += 1
            told["unanswered"] += len(silent)
    return {**told, MORE: True} if left or len(wanted) == _MOST else told


def _without_dns(name: str, now: datetime) -> KnownProvider | None:
    provider, domain = BY_DOMAIN.get(name), Domain(name)
    if provider is None and not domain.is_special_use and not any(domain.is_within(one) for one in _EXAMPLES):
        return None
    source = "none" if provider is None else "table"
    return KnownProvider(domain=name, provider=provider or "", source=source, until=now + _WEEK)


def _asking(resolver: Resolver | None, now: datetime) -> Callable[[str], KnownProvider | None]:
    from mailsend.doctor.dns import AnswerKind, RecordKind, Resolver

    asked = resolver or Resolver()

    def ask(domain: str) -> KnownProvider | None:
        answer = asked.lookup(domain, RecordKind.MX)
        hosts: Sequence[str] = [one for one in answer.values if one]  # a null MX has none (RFC 7505)
        if answer.kind is AnswerKind.NO_DATA:
            # Without MX the domain's own address takes its mail (RFC 5321, section 5.1).
            of_its_own = [asked.lookup(domain, kind) for kind in (RecordKind.A, RecordKind.AAAA)]
            if any(one.kind is AnswerKind.FOUND for one in of_its_own):
                hosts = (domain,)
            elif any(one.kind is AnswerKind.TEMPORARY for one in of_its_own):
                return None
        return None if answer.kind is AnswerKind.TEMPORARY else _known(domain, hosts, answer, now)

    return ask


def _known(domain: str, hosts: Sequence[str], answer: Answer, now: datetime) -> KnownProvider:
    return KnownProvider(
        domain=domain,
        provider=provider_by_mx(hosts),
        source="mx" if hosts else "none",
        until=now + min(max(timedelta(seconds=answer.ttl), _DAY), _WEEK),
    )


PROVIDERS: Final = Duty(name="providers", every=600.0, run=look_up_providers)
