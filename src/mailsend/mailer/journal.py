"""``mailer.journal``: the log searched, exported, counted, and asked about a case (Q3, Q12, T8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailsend.decide.query import parse
from mailsend.errors import NotInStore, StoreError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.named import named
from mailsend.mailer.resending import Again, Resending
from mailsend.model.periods import Unit
from mailsend.model.statistics import Group

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.thinking import Thinking
    from mailsend.model.address import Address
    from mailsend.model.case_file import CaseFile
    from mailsend.model.outbox import MailPage
    from mailsend.model.statistics import Statistics
    from mailsend.model.stored_content import StoredContent
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.journal import Journal as Book
    from mailsend.store.journal.following import Following

__all__ = ["BY", "EVERY", "WHY", "Journal", "Progress"]

BY: Final = "application"
WHY: Final = "by the application"
EVERY: Final = 1.0  # seconds

Progress = Callable[[int], object]


class Reading:
    """What both mailers read of the log; it waits for the store. All raise StoreError and InvalidQuery."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def search(
        self, query: str = "", *, limit: int = 50, after: str | None = None, attempts: bool = False
    ) -> MailPage:
        """Give mails, at their end or not, newest first; ``after`` is the ``next`` of the page before.

        Each has its recipients, and its attempts where ``attempts`` asks for them.
        """
        asked = parse(query, zone=self.zone())
        return self._book.search(asked, now=utc_now(), limit=limit, after=after, attempts=attempts)

    def get(self, id: str) -> StoredMail:
        """Give a mail with its recipients, decisions, attempts and events; raises NotInStore for none."""
        found = self._core.store_door.open("the log").mail(id)
        if found is None:
            raise NotInStore(f"the log has no mail {id}", advice="Look for it: mailsend log search.")
        return found

    def content(self, id: str, *, by: str = BY) -> StoredContent:
        """Give what a mail says; the look is written down, and sensitive mail is shown to nobody."""
        store = self._core.store_door.open("the log")
        return store.content(id, by=named(by, "a look at what a mail says"), now=utc_now())

    def count(self, query: str = "") -> int:
        """Give how many mails a query finds."""
        return self._book.count(parse(query, zone=self.zone()), now=utc_now())

    def export(
        self, query: str = "", *, format: str = "csv", progress: Progress | None = None
    ) -> Iterator[str]:
        """Give the log in pieces of text, read as they are taken: ``csv`` or ``jsonl``.

        CSV has a row for each mail and recipient, JSON Lines a mail on each line. No content is in
        it, and no subject of sensitive mail. ``progress`` is told how many mails are done.
        """
        from mailsend.mailer.journal_export import Format, as_csv, as_jsonl

        if format not in tuple(Format):
            raise StoreError(f"there is no format {format!r}", advice=f"Take one of: {', '.join(Format)}.")
        asked = parse(query, zone=self.zone())
        mails = self._book.all(asked, now=utc_now(), attempts=True)
        return (as_csv if format == Format.CSV else as_jsonl)(mails, progress or _untold)

    def follow(
        self, query: str = "", *, every: float = EVERY, attempts: bool = False
    ) -> Iterator[StoredMail]:
        """Give mails that a query finds, without end, each time that something happens to one from now on.

        It came, was tried, or was acted upon; what is given is the mail as it is then. It is looked for
        once in ``every`` seconds.
        """
        following = self.following(query)
        pause = Event()  # that nobody sets

        def told() -> Iterator[StoredMail]:
            while True:
                yield from following.look(now=utc_now(), attempts=attempts)
                pause.wait(every)

        return told()

    def following(self, query: str) -> Following:
        """Give what is asked again and again what has happened since."""
        return self._book.following(parse(query, zone=self.zone()))

    def statistics(
        self,
        *,
        by: Unit | str = Unit.DAY,
        since: datetime | None = None,
        until: datetime | None = None,
        query: str = "",
        group: Group | str | None = None,
        timezone: str | None = None,
    ) -> Statistics:
        """Count mails and recipients by period and group, with sizes and ratios.

        Times without a zone are those of ``timezone``; without one it is the application's, else UTC.
        """
        zone = self.zone(timezone)
        try:
            unit, grouped = Unit(by), None if group is None else Group(group)
        except ValueError as problem:
            raise StoreError(
                f"statistics: {problem}",
                advice=f"by is one of {', '.join(Unit)}; group one of {', '.join(Group)}, or None.",
            ) from None
        begin, end = (
            one if one is None or one.tzinfo is not None else one.replace(tzinfo=zone)
            for one in (since, until)
        )
        return self._book.statistics(
            parse(query, zone=zone),
            by=unit,
            zone=zone,
            timezone=zone.key,
            since=begin,
            until=end,
            group=grouped,
            now=utc_now(),
        )

    def case(self, query: str, *, most: int = 100) -> CaseFile:
        """Give all that the log can say of the mails that a query finds, the newest ``most`` in full (T8)."""
        from mailsend.model.case_file import CaseFile

        now = utc_now()
        number, first, found = self._book.case(parse(query, zone=self.zone()), now=now, most=most)
        return CaseFile(query=query, made_at=now, number=number, found=found, first_queued=first)

    def zone(self, timezone: str | None = None) -> ZoneInfo:
        """Give the time zone of that name; else the application's, in which dates of queries are read."""
        name = timezone or self._core.rules.application.timezone or "UTC"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise StoreError(
                f"there is no time zone {name!r}", advice="Name one as in Europe/Zurich, or UTC."
            ) from None

    @property
    def _book(self) -> Book:
        return self._core.store_door.open("the log").journal


class Journal(Reading):
    """The log of one Mailer."""

    def __init__(self, core: Core, think: Callable[[Thinking[Any]], Any]) -> None:
        super().__init__(core)
        self._think = think

    def resend(self, id: str, *, to: str | Address | None = None, reason: str = WHY, by: str = BY) -> str:
        """Make a new mail from one in the log, put it into the queue, and give its id; both are linked.

        It is prepared afresh, with today's rules and lists, and goes to the recipients of the first
        one, or to ``to`` alone. Raises StoreError for sensitive mail, where the content is kept no
        longer, and, without ``to``, where the mail may still go out or was a copy of test mode;
        MessageRefused, InvalidAddress.
        """
        resending = Resending(self._core, Again(id=id, to=to, reason=reason, by=by))
        return resending.put(self._think(resending.thinking(resending.message())))


def _untold(_: int) -> None:
    return None
