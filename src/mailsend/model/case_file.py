"""A case file: all that the log can say where a mail did not arrive, or ended up among spam (T8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from mailsend.model.frozen import FrozenDict
from mailsend.model.mail_document import mail_document
from mailsend.model.stored_mail import StoredEvent, StoredMail

__all__ = ["BOUNCED", "CaseFile", "Found", "LinkedMail", "domain_of"]

BOUNCED: Final = "bounced"
"""The act that an event has where a notice came back for a mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedMail:
    """A mail that was made from another one: ``how`` says by what, ``kind`` is ``status`` for a notice."""

    id: str
    how: str
    kind: str
    state: str
    queued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One mail of a case, the mails made from it, and who receives mail for each of its recipients.

    A provider is empty where nobody has looked yet.
    """

    mail: StoredMail
    links: tuple[LinkedMail, ...] = ()
    providers: Mapping[str, str] = field(default_factory=FrozenDict)

    @property
    def bounces(self) -> tuple[StoredEvent, ...]:
        """What came back for it, as far as it was read."""
        return tuple(one for one in self.mail.events if one.act == BOUNCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFile:
    """What the log says of the mails that ``query`` finds: ``number`` of them, the newest in ``found``.

    ``first_queued`` is of them all. It holds no content, and no subject of sensitive mail. Times are UTC.
    """

    query: str
    made_at: datetime
    number: int
    found: tuple[Found, ...]
    first_queued: datetime | None = None

    @property
    def first(self) -> datetime | None:
        """When the first of all was queued."""
        times = [one.mail.queued_at for one in self.found]
        return min(times if self.first_queued is None else [self.first_queued, *times], default=None)

    @property
    def last(self) -> datetime | None:
        """When the last one was queued."""
        return max((one.mail.queued_at for one in self.found), default=None)

    @property
    def summary(self) -> dict[str, list[str]]:
        """What the mails have in common: each word that stands in one of them, once."""
        mails = [one.mail for one in self.found]
        recipients = [who for one in mails for who in one.recipients]
        return {
            "requested": _each(one.requested for one in mails),
            "senders": _each(one.sender_mailbox for one in mails),
            "recipients": _each(one.address for one in recipients),
            "servers": _each(tried.server for one in mails for tried in one.attempts),
            "ways": _each(one.how for one in mails),
            "templates": _each(one.template for one in mails),
            "actors": _each(one.actor for one in mails),
            "providers": _each(name for one in self.found for name in one.providers.values()),
            "outcomes": _each(str(one.outcome) for one in recipients),
        }

    @property
    def bounces(self) -> int:
        """How many bounces are recorded for these mails."""
        return sum(len(one.bounces) for one in self.found)

    def document(self, locale: str = "en") -> dict[str, Any]:
        """Give the case as JSON takes it; the decisions of each mail are told in words as well."""
        from mailsend.model.words.log import say

        return {
            "query": self.query,
            "made_at": self.made_at.isoformat(),
            "number": self.number,
            "first": None if self.first is None else self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
            **self.summary,
            "bounces": self.bounces,
            "unseen": say("case.unseen.words", locale),
            "mails": [_document(one, locale) for one in self.found],
        }

    def markdown(self, locale: str = "en") -> str:
        """Give the case as a Markdown document, in English or German."""
        from mailsend.model.case_markdown import written

        return written(self, locale)


def domain_of(address: str) -> str:
    """Give the domain of an address as the store keeps it."""
    return address.rpartition("@")[2]


def _document(one: Found, locale: str) -> dict[str, Any]:
    told = mail_document(one.mail)
    told["providers"] = {address: name or None for address, name in one.providers.items()}
    told["explained"] = one.mail.explain(locale).splitlines()
    told["bounces"] = [event for event in told["events"] if event["act"] == BOUNCED]
    told["links"] = [
        {
            "id": link.id,
            "how": link.how,
            "kind": link.kind,
            "state": link.state,
            "queued_at": link.queued_at.isoformat(),
        }
        for link in one.links
    ]
    return told


def _each(texts: Iterable[str]) -> list[str]:
    return sorted({one for one in texts if one})
