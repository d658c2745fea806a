"""One open store, and its rooms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Self

from mailsend.model.message import Message
from mailsend.model.secret import Secret
from mailsend.model.stored_content import StoredContent
from mailsend.model.stored_mail import StoredMail
from mailsend.store.customers import CustomerBook
from mailsend.store.database import Database
from mailsend.store.identity import uuid_of
from mailsend.store.journal import Journal
from mailsend.store.limits import LimitBook
from mailsend.store.lists import ListBook
from mailsend.store.log_ins import LogInBook
from mailsend.store.outbox import Outbox
from mailsend.store.privacy import PrivacyBook
from mailsend.store.queue import Queue
from mailsend.store.reading import read_mail
from mailsend.store.reading.content import read_asked_message, read_content
from mailsend.store.revision import revision_of
from mailsend.store.servers import ServerBook
from mailsend.store.standing import StandingBook
from mailsend.store.test_mode import TestModeBook
from mailsend.store.upkeep import UpkeepBooks
from mailsend.store.vault import Vault
from mailsend.store.writer import Writer

__all__ = ["Store"]


class Store:
    """What mailsend keeps. It may be used by several threads, and by a process forked from its opener.

    Each use raises StoreError, with advice, where the tables are missing or of another revision. It
    is a context manager.
    """

    def __init__(self, database: Database, secret_keys: Sequence[Secret]) -> None:
        self._database = database
        self._writer = Writer(database)
        self._secret_keys = tuple(secret_keys)

    @cached_property
    def queue(self) -> Queue:
        """Mails that wait, go out, and are written down."""
        return Queue(self._database, self._writer)

    @cached_property
    def outbox(self) -> Outbox:
        """The queue as people see it, and what they do to it."""
        return Outbox(self._database, self._writer)

    @cached_property
    def journal(self) -> Journal:
        """The log: every mail that came here."""
        return Journal(self._database, self._writer)

    @cached_property
    def lists(self) -> ListBook:
        """Who is not written to, who never is, and who is all the same."""
        return ListBook(self._database, self._writer, self._secret_keys)

    @cached_property
    def customers(self) -> CustomerBook:
        """Customers' rules, and every version of them."""
        return CustomerBook(self._database, self._writer, self._secret_keys)

    @cached_property
    def limits(self) -> LimitBook:
        """What the limits of servers leave, for all processes together."""
        return LimitBook(self._database, self._writer, self._secret_keys)

    @cached_property
    def servers(self) -> ServerBook:
        """Customers' servers, and how far each has come."""
        return ServerBook(self._database, self._secret_keys)

    @cached_property
    def log_ins(self) -> LogInBook:
        """Which accounts no log-in is tried on for a while."""
        return LogInBook(self._database, self._secret_keys)

    @cached_property
    def upkeep(self) -> UpkeepBooks:
        """What keeps the store itself going: duties, workers, notices, retention."""
        return UpkeepBooks(self._database, self._writer)

    @cached_property
    def standing(self) -> StandingBook:
        """Holds that also catch mail to come."""
        return StandingBook(self._database, self._writer)

    @cached_property
    def test_mode(self) -> TestModeBook:
        """The switch of test mode, and the questions that were asked."""
        return TestModeBook(self._database, self._writer)

    @cached_property
    def privacy(self) -> PrivacyBook:
        """Persons erased, and what is kept of them given out."""
        return PrivacyBook(self._database, self._writer, self.lists)

    @cached_property
    def uuid(self) -> str:
        """Which store this is, wherever it is reached from."""
        return self._database.looking(uuid_of)

    def mail(self, id: str) -> StoredMail | None:
        """Give a mail with all that is known of it but its content; None where there is none with this id."""
        return self._database.looking(lambda transaction: read_mail(transaction, id))

    def content(self, id: str, *, by: str, now: datetime) -> StoredContent:
        """Give a mail's content, and write down that ``by`` looked at it; raises StoreError."""
        return self._writer.do(lambda transaction: read_content(transaction, id, by=by, now=now))

    def asked(self, id: str, *, vault: Vault | None) -> Message:
        """Give the stored Message of a mail, to be prepared anew; raises StoreError where it is kept no longer."""
        return self._database.looking(lambda transaction: read_asked_message(transaction, id, vault=vault))

    def revision(self) -> str | None:
        """Give the revision of its tables; None where there are none."""
        found: str | None = self._database.run(revision_of)
        return found

    def close(self) -> None:
        """Finish what is being written, and close the connections; a second time it does nothing."""
        self._writer.close()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self._database.location.shown}>"
