"""The duty of telling authors which of their mails were given up, once, and not too often (M16)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.care.duty import MORE, Cared, Duty
from mailsend.care.notices.text import digest_subject, digest_text, notice_subject, notice_text
from mailsend.compose.report_parts import delivery_report
from mailsend.decide.notice_to import choose_notice_to
from mailsend.model.address import Address, Mailbox
from mailsend.model.kind import Kind
from mailsend.model.message import Message
from mailsend.model.rules import Scope
from mailsend.model.submission import Refusal

if TYPE_CHECKING:
    from mailsend.mailer.upkeep import Upkeep
    from mailsend.store.notices import Waiting

__all__ = ["MOST_SINGLE", "NOTICES", "tell_authors"]

MOST_SINGLE: Final = 10  # notices of one mail each, in an hour, to one address
_HOUR: Final = timedelta(hours=1)
_PAGES: Final = 20  # in one run, of so many events each:
_PAGE: Final = 100
_LATE: Final = timedelta(hours=1)  # that an event may be committed after others of its time
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAME: Final = "notices"

_log: Final = logging.getLogger("mailsend.care")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A mail that was given up, whom it is told to and why, and by which rules."""

    waiting: Waiting
    to: Address
    reason: str
    scope: Scope


def tell_authors(mailer: Cared, now: datetime) -> Mapping[str, Any]:
    """Make the notices that are due; tell how many, and since when some still wait.

    The author of each mail is told once. Over ten in an hour to one address, what else is due there is
    told in one, at most once an hour.
    """
    upkeep = mailer.upkeep
    since = _since(upkeep)
    waiting, more = _waiting(upkeep, since)
    counts: Counter[str] = Counter()
    by_address: dict[str, list[_Case]] = {}
    left: list[Waiting] = []
    for one in waiting:
        scope = upkeep.scope_of(one.mail.customer, one.mail.business_unit)
        if scope is None:
            left.append(one)
            continue
        case = _case(upkeep, one, scope, now)
        if case is None:
            counts["passed_over"] += 1
        else:
            by_address.setdefault(case.to.key, []).append(case)
    told = upkeep.notices.told(since=now - _HOUR)
    singles = Counter(one.to for one in told if not one.digest)
    digested = {one.to for one in told if one.digest}
    for key, cases in by_address.items():
        room = max(0, MOST_SINGLE - singles[key])
        for one_case in cases[:room]:
            counts[_single(upkeep, one_case, now)] += 1
        rest = cases[room:]
        if rest and key in digested:
            left += [one_case.waiting for one_case in rest]
        elif rest:
            counts[_digest(upkeep, rest, now)] += 1
    told_until = since if more else min([now - _LATE, *(one.at for one in left)])
    return {
        **counts,
        "waiting": len(left),
        "since": told_until.isoformat(),
        **({MORE: True} if more else {}),
    }


def _since(upkeep: Upkeep) -> datetime:
    last = upkeep.duties.get(_NAME)
    kept = None if last is None else last.told.get("since")
    return datetime.fromisoformat(kept) if isinstance(kept, str) else _BEGINNING


def _waiting(upkeep: Upkeep, since: datetime) -> tuple[list[Waiting], bool]:
    found: list[Waiting] = []
    after = 0
    for _ in range(_PAGES):
        page = upkeep.notices.waiting(since=since, after=after, most=_PAGE)
        if not page:
            return found, False
        found += page
        after = max(event for one in page for event in one.events)
    return found, True


def _case(upkeep: Upkeep, waiting: Waiting, scope: Scope, now: datetime) -> _Case | None:
    """Give the case, or write down that nobody is told and why."""
    mail = waiting.mail
    admins = [level.admin_address for _, level in scope.levels if level.admin_address is not None]
    suppressed = upkeep.suppressed(mail.customer, (*mail.reply_to, *admins), now=now)
    decision = choose_notice_to(mail, scope, suppressed)
    if decision.to is not None:
        return _Case(waiting=waiting, to=decision.to, reason=str(decision.reason), scope=scope)
    _log.info("nobody is told that %s was given up: %s", mail.id, decision.reason)
    upkeep.notices.pass_over(waiting, reason=str(decision.reason))
    return None


def _single(upkeep: Upkeep, case: _Case, now: datetime) -> str:
    mail, sender, locale = case.waiting.mail, _sender(case.scope), _locale(case)

    def make(id: str) -> Message:
        return _message(
            case,
            sender,
            subject=notice_subject(mail, locale),
            original=delivery_report(
                mail, notice_text(mail, locale), reporting=sender.address.domain.ascii, seed=id
            ),
            headers={"References": f"<{mail.message_id}>"} if mail.message_id else {},
        )

    return _posted(upkeep, make, (case,), "notices", now)


def _digest(upkeep: Upkeep, cases: Sequence[_Case], now: datetime) -> str:
    first, locale = cases[0], _locale(cases[0])
    mails = [one.waiting.mail for one in cases]

    def make(_: str) -> Message:
        return _message(
            first,
            _sender(first.scope),
            subject=digest_subject(len(mails), locale),
            text=digest_text(mails, locale),
        )

    return _posted(upkeep, make, cases, "digests", now)


def _posted(upkeep: Upkeep, make: Any, cases: Sequence[_Case], counted: str, now: datetime) -> str:
    told_of = tuple(one.waiting for one in cases)
    posted = upkeep.post(make, told_of, reason=cases[0].reason, to=cases[0].to, now=now)
    if not isinstance(posted, Refusal):
        return counted if posted else "told_by_others"
    _log.warning("no notice could be made for %s: %s", cases[0].to, posted.explain())
    for one in told_of:
        upkeep.notices.pass_over(one, reason=str(posted.reason))
    return "refused"


def _message(case: _Case, sender: Mailbox, **content: Any) -> Message:
    customer, unit = case.scope.customer, case.scope.business_unit
    return Message(
        from_=sender,
        to=case.to,
        customer=None if customer is None else customer.name,
        business_unit=None if unit is None else unit.name,
        kind=Kind.STATUS,
        auto_submitted=True,
        locale=_locale(case),
        **content,
    )


def _sender(scope: Scope) -> Mailbox:
    """Give our notice sender, else an admin in a domain of ours or the customer's, else the fallback."""
    for _, level in scope.levels:
        if level.notification_sender is not None:
            return level.notification_sender
    ours = scope.application.allowed_domains
    for _, level in scope.levels:
        admin = level.admin_address
        if admin is not None and (
            scope.allows(admin.domain) or any(one.matches(admin.domain) for one in ours)
        ):
            return Mailbox(scope.application.name, admin)
    return next(level.fallback_sender for _, level in scope.levels if level.fallback_sender is not None)


def _locale(case: _Case) -> str:
    return case.scope.first("locale") or case.waiting.mail.locale or "en"


NOTICES: Final = Duty(name=_NAME, every=60.0, run=tell_authors)
