"""``mailer.outbox``: the queue as people see it, and what they do to it (Q1, Q2, Q11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict

from mailsend.decide.query import parse
from mailsend.decide.state import Act
from mailsend.errors import NotInStore
from mailsend.mailer.clock import utc_now
from mailsend.mailer.named import named

if TYPE_CHECKING:
    from datetime import datetime

    from mailsend.mailer.core import Core
    from mailsend.model.outbox import Applied, MailPage, QueueStats
    from mailsend.model.standing_hold import StandingHold
    from mailsend.model.stored_content import StoredContent
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store.outbox import Outbox as Book

__all__ = ["BY", "WHY", "How", "Outbox", "Progress", "Which"]

BY: Final = "application"
WHY: Final = "by the application"

Which = str | Iterable[str]
Progress = Callable[[int], object]


class How(TypedDict, total=False):
    """What each act takes besides the mails' ids: see ``Outbox``."""

    query: str | None
    reason: str
    by: str
    dry_run: bool
    progress: Progress | None


class Outbox:
    """The queue of one Mailer.

    Acts take an id, several ids, or ``query=`` in the query language; ``reason`` and ``by`` are written
    down with each mail, and ``dry_run=True`` says what would be done and changes nothing. ``progress``
    is told how many mails are done. All raise StoreError, and InvalidQuery for a query that is none.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    def search(self, query: str = "", *, limit: int = 50, after: str | None = None) -> MailPage:
        """Give open mails, newest first; ``after`` is the ``next`` of the page before."""
        return self._book.search(parse(query), now=utc_now(), limit=limit, after=after)

    def get(self, id: str) -> StoredMail:
        """Give a mail with its recipients, decisions, attempts and events; raises NotInStore for none."""
        found = self._book.get(id)
        if found is None:
            raise NotInStore(f"the store has no mail {id}", advice="Look for it: mailsend queue list.")
        return found

    def content(self, id: str, *, by: str = BY) -> StoredContent:
        """Give what a mail says; the look is written down, and sensitive mail is shown to nobody."""
        store = self._core.store_door.open("the queue")
        return store.content(id, by=named(by, "a look at what a mail says"), now=utc_now())

    def stats(self) -> QueueStats:
        """Say how full the queue is."""
        return self._book.stats(now=utc_now())

    def standing(self) -> tuple[StandingHold, ...]:
        """Give the standing holds: they also catch mail to come."""
        return self._core.store_door.open("the queue").standing.active(now=utc_now())

    def stand(
        self,
        query: str,
        *,
        until: datetime | None = None,
        customer: str | None = None,
        reason: str = WHY,
        by: str = BY,
    ) -> StandingHold:
        """Hold what a query finds now and whatever comes that is like it, ``until`` a time or for good.

        It may ask for template, customer, unit, senders, recipients and their domains, tag and kind.
        What goes out within the second in another process may slip through.
        """
        book, asked = self._core.store_door.open("the queue").standing, parse(query)
        made = book.add(asked, customer=customer, until=until, reason=reason, by=by, now=utc_now())
        self._core.standing.forget()
        self._book.hold_what(made, now=utc_now())
        return made

    def lift(self, id: int, *, reason: str = WHY, by: str = BY) -> None:
        """End a standing hold; what it held stays held until it is released."""
        self._core.store_door.open("the queue").standing.lift(id, reason=reason, by=by, now=utc_now())
        self._core.standing.forget()

    def retry(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Let queued mails be due now."""
        return self._do(Act.RETRY, which, query, _How(reason, by, dry_run, progress))

    def force(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Let mails be due now whatever their clock says: frozen, held, or with an unknown outcome.

        The last look is asked all the same.
        """
        return self._do(Act.FORCE, which, query, _How(reason, by, dry_run, progress))

    def hold(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Keep queued mails back until they are released."""
        return self._do(Act.HOLD, which, query, _How(reason, by, dry_run, progress))

    def release(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Let held mails go out, exactly the bytes that are kept; doing it twice sends once."""
        return self._do(Act.RELEASE, which, query, _How(reason, by, dry_run, progress))

    def freeze(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Let the clock pass mails by; their state stays."""
        return self._do(Act.FREEZE, which, query, _How(reason, by, dry_run, progress))

    def thaw(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Take back what ``freeze`` did."""
        return self._do(Act.THAW, which, query, _How(reason, by, dry_run, progress))

    def delete(
        self,
        which: Which = (),
        *,
        query: str | None = None,
        reason: str = WHY,
        by: str = BY,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Applied:
        """Cancel queued or held mails: nobody who is still open gets them."""
        return self._do(Act.CANCEL, which, query, _How(reason, by, dry_run, progress))

    @property
    def _book(self) -> Book:
        return self._core.store_door.open("the queue").outbox

    def _do(self, act: Act, which: Which, query: str | None, how: _How) -> Applied:
        book, now = self._book, utc_now()
        ids = [which] if isinstance(which, str) else list(which)
        asked = None if query is None else parse(query)
        done = book.do(act, ids, query=asked, now=now, **how._asdict())
        if done.changed and not how.dry_run:
            self._core.wake()
        return done


class _How(NamedTuple):
    reason: str
    by: str
    dry_run: bool
    progress: Progress | None
