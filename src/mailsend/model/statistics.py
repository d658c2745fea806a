"""Statistics of the log: counts, sizes and ratios by period and group, each with how it is computed (Q12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from mailsend.model.frozen import FrozenDict
from mailsend.model.periods import Unit
from mailsend.model.report import Outcome

__all__ = ["FIGURES", "RATIOS", "Counts", "Group", "Statistics", "StatisticsRow"]


class Group(StrEnum):
    """What rows are told apart by, besides their period."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    DOMAIN = "domain"
    SERVER = "server"
    TEMPLATE = "template"
    REASON = "reason"

    @property
    def of_mails(self) -> bool:
        """Whether it is a mail's own; else each recipient has one, and a mail may stand under several."""
        return self in (Group.CUSTOMER, Group.TEMPLATE)


_ENDED: Final = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.EXPIRED, Outcome.UNKNOWN)
_ALL: Final = tuple(Outcome)

# Each ratio: the outcomes of the recipients that are counted, and those that they are a part of.
RATIOS: Final[Mapping[str, tuple[tuple[Outcome, ...], tuple[Outcome, ...]]]] = MappingProxyType(
    {
        "accepted_ratio": ((Outcome.ACCEPTED,), _ENDED),
        "rejected_ratio": ((Outcome.REJECTED,), _ENDED),
        "expired_ratio": ((Outcome.EXPIRED,), _ENDED),
        "unknown_ratio": ((Outcome.UNKNOWN,), _ENDED),
        "suppressed_ratio": ((Outcome.SUPPRESSED,), _ALL),
        "cancelled_ratio": ((Outcome.CANCELLED,), _ALL),
    }
)
FIGURES: Final = (
    *("mails", "test_copies", "states", "recipients", "outcomes", "reasons", "open"),
    *("bytes", "largest", "mean_size", "recipients_per_mail", *RATIOS, "open_ratio", "reason_shares"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was counted, sizes in bytes. ``states`` are of mails, ``outcomes`` and ``reasons`` of recipients.

    ``open`` are recipients who may still get it: pending, deferred or held in a mail that is queued, being
    sent or held. Who was put off at the only attempt (``retry=False``) is deferred, and not open. What was met nowhere does not stand in these; ratios are between 0 and 1, and None where there is
    nothing to divide by.
    """

    mails: int = 0
    test_copies: int = 0
    states: Mapping[str, int] = field(default_factory=FrozenDict)
    recipients: int = 0
    outcomes: Mapping[str, int] = field(default_factory=FrozenDict)
    reasons: Mapping[str, int] = field(default_factory=FrozenDict)
    open: int = 0
    bytes: int = 0
    largest: int = 0

    @property
    def mean_size(self) -> float | None:
        """Bytes of a mail on average."""
        return _ratio(self.bytes, self.mails)

    @property
    def recipients_per_mail(self) -> float | None:
        """Recipients of a mail on average."""
        return _ratio(self.recipients, self.mails)

    @property
    def ratios(self) -> Mapping[str, float | None]:
        """Each of ``RATIOS`` by its name, and ``open_ratio``."""
        known = {name: _ratio(self._of(these), self._of(among)) for name, (these, among) in RATIOS.items()}
        return {**known, "open_ratio": _ratio(self.open, self.recipients)}

    @property
    def reason_shares(self) -> Mapping[str, float]:
        """The share of each reason in all recipients."""
        return {reason: number / self.recipients for reason, number in self.reasons.items()}

    def document(self) -> dict[str, Any]:
        """Give every figure by its name, as JSON takes it."""
        return {
            "mails": self.mails,
            "test_copies": self.test_copies,
            "states": dict(self.states),
            "recipients": self.recipients,
            "outcomes": dict(self.outcomes),
            "reasons": dict(self.reasons),
            "open": self.open,
            "bytes": self.bytes,
            "largest": self.largest,
            "mean_size": self.mean_size,
            "recipients_per_mail": self.recipients_per_mail,
            **self.ratios,
            "reason_shares": dict(self.reason_shares),
        }

    def _of(self, outcomes: tuple[Outcome, ...]) -> int:
        return sum(self.outcomes.get(one, 0) for one in outcomes)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsRow:
    """One period, and one group where groups were asked for; ``begin`` and ``end`` are in the time zone.

    ``group`` is empty where a mail or recipient has none: the application's own mail, no template, a
    provider that is not known, no reason.
    """

    begin: datetime
    end: datetime
    group: str | None
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Rows by period and group, and ``total``, in which each mail is counted once.

    Without groups, periods in which nothing was queued stand there as well.
    """

    by: Unit
    timezone: str
    group: Group | None
    query: str
    since: datetime | None
    until: datetime | None
    rows: tuple[StatisticsRow, ...]
    total: Counts

    def formulas(self, locale: str = "en") -> dict[str, str]:
        """Say how each figure is computed, in English or German."""
        from mailsend.model.words.log import say

        told = {name: say(f"figure.{name}", locale) for name in FIGURES}
        told["periods"] = say("figure.periods", locale, timezone=self.timezone)
        if self.group is not None:
            told["group"] = say(f"figure.group.{self.group}", locale)
            if not self.group.of_mails:
                told["group"] += " " + say("figure.group.several", locale)
        return told

    def document(self, locale: str = "en") -> dict[str, Any]:
        """Give all of it as JSON takes it; times are ISO 8601 with their offset."""
        return {
            "by": str(self.by),
            "timezone": self.timezone,
            "group": None if self.group is None else str(self.group),
            "query": self.query,
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "total": self.total.document(),
            "rows": [
                {
                    "begin": one.begin.isoformat(),
                    "end": one.end.isoformat(),
                    "group": one.group,
                    **one.counts.document(),
                }
                for one in self.rows
            ],
            "formulas": self.formulas(locale),
        }
