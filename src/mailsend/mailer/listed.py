"""What the lists say of exactly a mail's addresses, asked of the store at most once a second (M17)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from mailsend.errors import TemplateError
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.gather import NOBODY_LISTED
from mailsend.mailer.known_scopes import known_scope
from mailsend.mailer.thinking import AskedOfLists, Found, Thinking, ask_lists
from mailsend.model.frozen import FrozenDict
from mailsend.model.list_entry import Entry, decisive
from mailsend.model.submission import Submission

if TYPE_CHECKING:
    from datetime import datetime

    from mailsend.compose.templates import Templates
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.model.address import Address
    from mailsend.model.consignment import Deliverable
    from mailsend.model.message import Message
    from mailsend.model.rules import Rules, Scope

__all__ = ["Listed"]

FRESH: Final = 1.0  # seconds until another process's entry counts here
FEW: Final = 100  # entries that are read together; of more, each address is asked for
MOST_ADDRESSES: Final = 50_000  # that are remembered, those on no list too
MOST_CUSTOMERS: Final = 1000  # whose few entries are remembered

_NOTHING: Final[Found] = FrozenDict({})


class Listed:
    """Answers what the lists say, from memory where that is fresh; any thread may ask."""

    def __init__(self, door: StoreDoor, now: Callable[[], datetime] = utc_now) -> None:
        self._door = door
        self._now = now
        self._few: dict[str, tuple[float, Found | None]] = {}
        self._known: dict[tuple[str, str], tuple[float, tuple[Entry, ...]]] = {}

    @property
    def asks(self) -> bool:
        """Whether there are lists to be asked."""
        return self._door.is_there

    def for_message(self, message: Message, scope: Scope, rules: Rules) -> Thinking[Mapping[str, str]]:
        """Give the addresses of a message that get no mail, by their keys, each with the reason."""
        if self._is_empty(message.customer or ""):
            return NOBODY_LISTED
        found = yield from self._asked(_asked_for(message, scope))
        if not found:
            return NOBODY_LISTED
        return _left_out(found, lambda: _is_essential(message, known_scope(scope, rules).templates))

    def for_mail(self, *mails: Deliverable) -> Thinking[Collection[str]]:
        """Give the addresses of a finished mail that get it no more, by their keys.

        A stored mail may go out in several parts: of the same mail, and of the same customer.
        """
        customer = mails[0].message.customer or ""
        if self._is_empty(customer):
            return ()
        recipients = (
            who for mail in mails for who, one in mail.recipients.items() if one.envelope_address is not None
        )
        found = yield from self._asked(_asked(customer, recipients))
        return _left_out(found, lambda: _is_essential_mail(mails[0])) if found else ()

    def known(self, asked: AskedOfLists) -> Found | None:
        """Give what memory says, where it is fresh enough for every address; else None."""
        since = monotonic() - FRESH
        kept = self._few.get(asked.customer)
        if kept is None or kept[0] < since:
            return None
        if kept[1] is not None:
            return self._among(kept[1], asked) if kept[1] else _NOTHING
        found: dict[str, tuple[Entry, ...]] = {}
        for key in asked.keys:
            one = self._known.get((asked.customer, key))
            if one is None or one[0] < since:
                return None
            if one[1]:
                found[key] = one[1]
        return self._holding(found)

    def of(self, asked: AskedOfLists) -> Found:
        """Give what the lists say; raises StoreError."""
        found = self.known(asked)
        return self._read(asked) if found is None else found

    async def of_async(self, asked: AskedOfLists) -> Found:
        """Give the same without keeping a loop waiting for a database."""
        found = self.known(asked)
        if found is not None:
            return found
        import asyncio

        return await asyncio.to_thread(self._read, asked)

    def forget(self) -> None:
        """Look anew: something has just been changed."""
        self._few.clear()
        self._known.clear()

    def _is_empty(self, customer: str) -> bool:
        """Whether nothing at all is listed for a customer, as far as memory knows."""
        kept = self._few.get(customer)
        return kept is not None and not kept[1] and kept[1] is not None and kept[0] >= monotonic() - FRESH

    def _asked(self, asked: AskedOfLists) -> Thinking[Found]:
        found = self.known(asked)
        return (yield from ask_lists(asked)) if found is None else found

    def _read(self, asked: AskedOfLists) -> Found:
        at, book = monotonic(), self._door.open("a list").lists
        kept = self._few.get(asked.customer)
        if kept is None or kept[0] < at - FRESH:
            if len(self._few) >= MOST_CUSTOMERS:
                self._few.clear()
            kept = self._few[asked.customer] = at, book.few(asked.customer, FEW)
        if kept[1] is not None:
            return self._among(kept[1], asked)
        found = book.concerning(asked.customer, asked.keys, now=self._now())
        if len(self._known) + len(asked.keys) > MOST_ADDRESSES:
            self._known.clear()
        for key in asked.keys:
            self._known[asked.customer, key] = at, found.get(key, ())
        return found

    def _among(self, few: Found, asked: AskedOfLists) -> Found:
        """Look the addresses up among entries that are all in memory, by their marks."""
        if not few:
            return _NOTHING
        marks_of = self._door.open("a list").lists.marks_of
        found = {key: tuple(one for mark in marks_of(key) for one in few.get(mark, ())) for key in asked.keys}
        return self._holding({key: some for key, some in found.items() if some})

    def _holding(self, found: Found) -> Found:
        """Leave out what has come to its end since it was read."""
        if not found:
            return _NOTHING
        now = self._now()
        held = {key: tuple(one for one in some if one.holds_at(now)) for key, some in found.items()}
        return {key: some for key, some in held.items() if some}


def _asked_for(message: Message, scope: Scope) -> AskedOfLists:
    """Give the question for a message: its recipients, and whom answers may go to."""
    candidates = [
        one.address for some in (message.to, message.cc, message.bcc, message.reply_to) for one in some
    ]
    if message.from_ is not None:
        candidates.append(message.from_.address)
    candidates += [level.reply_to.address for _, level in scope.levels if level.reply_to is not None]
    return _asked(scope.customer.name if scope.customer else "", candidates)


def _is_essential(message: Message, templates: Templates) -> bool:
    """Say whether a message is essential: by its own word, else by its template's."""
    if message.essential is not None or message.template is None:
        return bool(message.essential)
    try:
        return templates.show(message.template).essential
    except TemplateError:
        return False  # it is refused for that in a moment


def _is_essential_mail(mail: Deliverable) -> bool:
    """Say whether a finished mail is essential."""
    return (
        mail.content.essential
        if isinstance(mail, Submission)
        else bool(getattr(mail.message, "essential", False))
    )


def _left_out(found: Found, essential: Callable[[], bool]) -> Mapping[str, str]:
    """Give who gets no mail, and why; ``essential`` is asked only where it matters (M17)."""
    reasons: dict[str, str] = {}
    for key, entries in found.items():
        one = decisive(entries)
        if one is not None and not one.keeps_from(essential=True) and essential():
            one = decisive(entries, essential=True)
        if one is not None:
            reasons[key] = one.reason
    return reasons


def _asked(customer: str, addresses: Iterable[Address]) -> AskedOfLists:
    return AskedOfLists(customer, tuple(dict.fromkeys(one.key for one in addresses)))
