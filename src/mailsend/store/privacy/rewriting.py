"""One mail without a person: its rows rewritten, its content taken out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, select, update

from mailsend.model.erasure import ERASED
from mailsend.model.mail_state import MailState
from mailsend.store.mails.written import as_json
from mailsend.store.privacy.places import is_joined, text_columns
from mailsend.store.schema.mails import attempt, content, content_blob, event, message, recipient

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from mailsend.store.privacy.person import Person

__all__ = ["IS_OPEN", "blank_mail"]

IS_OPEN: Final = frozenset((MailState.QUEUED, MailState.SENDING, MailState.HELD))

_ERASED_DOMAIN: Final = ERASED.partition("@")[2]
_NOTHING_SAID: Final = "[]"


def blank_mail(
    connection: Connection,
    mail: str,
    person: Person,
    *,
    content_alone: bool,
    keep_domain: bool,
    dry_run: bool = False,
) -> Counter[str]:
    """Blank a person in all rows about a mail, and give how many of each kind; an open mail stays as it is.

    Subject, content and what was said with servers go; what remains tells of nobody. With
    ``content_alone`` the content goes alone. ``keep_domain``: others are written to there, so that the
    domain tells of nobody either. With ``dry_run`` it is counted alone, as if the mail had ended.
    """
    asked = select(message).where(message.c.id == mail)
    row = connection.execute(asked if dry_run else asked.with_for_update()).one_or_none()
    if row is None or (row.state in IS_OPEN and not dry_run):
        return Counter()
    if content_alone:
        return Counter(contents=_take_out_content(connection, mail, dry_run=dry_run))
    return _Mail(connection, mail, row, person, dry_run=dry_run).blank(keep_domain=keep_domain)


class _Mail:
    """All rows about one mail, while a person is taken out of them, or looked for."""

    def __init__(self, connection: Connection, mail: str, row: Any, person: Person, *, dry_run: bool) -> None:
        self._dry_run = dry_run
        self._connection = connection
        self._mail = mail
        self._row = row
        self._person = person
        self._recipients = self._rows(recipient)
        self._attempts = self._rows(attempt)
        self._events = self._rows(event)
        told = [getattr(row, one) for one in ("sender_mailbox", "reply_to", "decisions")]
        named = {one.name for one in self._recipients if one.name and person.is_in(one.address)}
        self._names = person.names_in(told) | named

    def blank(self, *, keep_domain: bool) -> Counter[str]:
        """Blank the rows; where only words tied to the address stand in them, those alone."""
        if not self._is_the_persons:
            self._set(message, self._row)
            return Counter(mails=1)
        done: Counter[str] = Counter(mails=1, attempts=len(self._attempts))
        decided = self._person.without(_without_files(self._row.decisions), self._names)
        self._set(message, self._row, subject="", decisions=decided)
        for one in self._recipients:
            mine = self._person.is_in(one.address) or self._person.is_in(one.envelope_address)
            known = {"name": "", "reply": ""} if mine else {}
            if mine and not keep_domain:
                known["domain"] = _ERASED_DOMAIN
            self._set(recipient, one, **known)
            done["recipients"] += mine
        for one in self._attempts:
            told = _told(one.recipients, self._person)
            self._set(attempt, one, conversation=_NOTHING_SAID, reply="", recipients=told)
        for one in self._events:
            done["events"] += self._set(event, one)
        done["contents"] += _take_out_content(self._connection, self._mail, dry_run=self._dry_run)
        return done

    @property
    def _is_the_persons(self) -> bool:
        rows = {
            message: [self._row],
            recipient: self._recipients,
            attempt: self._attempts,
            event: self._events,
        }
        return any(
            self._person.is_in(getattr(row, one))
            for table, several in rows.items()
            for row in several
            for one in text_columns(table)
        )

    def _rows(self, table: Table) -> Sequence[Any]:
        return self._connection.execute(select(table).where(table.c.message == self._mail)).all()

    def _set(self, table: Table, row: Any, **known: Any) -> bool:
        """Write down what changes in a row, unless it is a dry run; say whether anything does."""
        new = dict(known)
        for one in text_columns(table):
            if one not in known:
                joined = is_joined(table, one)
                new[one] = self._person.without(getattr(row, one), self._names, joined=joined)
        changed = {one: value for one, value in new.items() if value != getattr(row, one)}
        if changed and not self._dry_run:
            this = and_(*(one == getattr(row, one.name) for one in table.primary_key.columns))
            self._connection.execute(update(table).where(this).values(changed))
        return bool(changed)


def _take_out_content(connection: Connection, mail: str, *, dry_run: bool) -> int:
    """Delete what is kept of a mail's content, unless it is a dry run; give how many contents there were."""
    if dry_run:
        asked = select(content.c.message).where(content.c.message == mail)
        return len(connection.execute(asked).all())
    connection.execute(delete(content_blob).where(content_blob.c.message == mail))
    return connection.execute(delete(content).where(content.c.message == mail)).rowcount


def _without_files(decisions: str) -> str:
    """Give decisions without the names of files: they are content, and hold whatever callers like."""
    records = json.loads(decisions)
    for one in records:
        if one["facts"].get("attachments"):
            one["facts"]["attachments"] = []
    return as_json(records)


def _told(recipients: str, person: Person) -> str:
    """Give what each recipient was told; not what the person was, whose name servers like to repeat."""
    kept = []
    for address, *codes, text in json.loads(recipients):
        kept.append(
            [ERASED, *codes, ""] if person.is_in(address) else [address, *codes, person.without(text)]
        )
    return as_json(kept)
