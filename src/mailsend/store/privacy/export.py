"""Everything that the store has of a person, as JSON takes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from mailsend.store.mails import data_in
from mailsend.store.privacy.finding import Findings
from mailsend.store.schema import mails
from mailsend.store.times import time_or_none

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

    from mailsend.store.privacy.person import Person

__all__ = ["everything_about"]

_OF_A_MAIL: Final = (
    "id",
    "customer",
    "business_unit",
    "state",
    "queued_at",
    "done_at",
    "message_id",
    "subject",
    "requested",
    "sender_mailbox",
    "template",
    "actor",
    "locale",
    "tags",
    "metadata",
    "in_test_mode",
    "sensitive",
)
_OF_A_RECIPIENT: Final = (
    "field",
    "address",
    "name",
    "envelope_address",
    "outcome",
    "reason",
    "code",
    "enhanced",
    "reply",
    "server",
    "updated_at",
)
_OF_AN_ATTEMPT: Final = (
    "started_at",
    "ended_at",
    "server",
    "outcome",
    "reason",
    "code",
    "enhanced",
    "queue_id",
)
_OF_AN_EVENT: Final = ("at", "act")


def everything_about(
    connection: Connection, person: Person, found: Findings, *, with_content: bool
) -> dict[str, Any]:
    """Give what is known of a person: each mail with what became of it, and where else the address stands.

    Of other people nothing is given out. The content of sensitive mail is shown to nobody (M37).
    """
    ids = sorted({*found.mails, *found.open, *found.contents, *found.open_contents})
    return {
        "address": str(person.address),
        "mails": [
            given
            for one in ids
            if (given := _mail(connection, person, one, with_content=with_content)) is not None
        ],
        "idempotency_keys": [key for _, _, key in found.keys],
        "elsewhere": {**found.told, **found.settings},
    }


def _mail(connection: Connection, person: Person, id: str, *, with_content: bool) -> dict[str, Any] | None:
    row = connection.execute(select(mails.message).where(mails.message.c.id == id)).one_or_none()
    if row is None:
        return None
    given = _given(row, _OF_A_MAIL)
    given["tags"], given["metadata"] = json.loads(row.tags), json.loads(row.metadata)
    recipients = _of(connection, mails.recipient, id)
    mine = [one for one in recipients if person.is_in(one.address) or person.is_in(one.envelope_address)]
    given["as_recipient"] = [_given(one, _OF_A_RECIPIENT) for one in mine]
    given["as_sender"] = any(person.is_in(one) for one in (row.requested, row.sender, row.reply_to))
    given["attempts"] = [_given(one, _OF_AN_ATTEMPT) for one in _of(connection, mails.attempt, id)]
    given["events"] = [_given(one, _OF_AN_EVENT) for one in _of(connection, mails.event, id)]
    if with_content and not row.sensitive:
        given["content"] = _content(connection, id)
    return given


def _of(connection: Connection, table: Table, id: str) -> Iterable[Any]:
    asked = select(table).where(table.c.message == id).order_by(*table.primary_key.columns)
    return connection.execute(asked).all()


def _content(connection: Connection, id: str) -> str | None:
    """Give the mail as it went out (RFC 5322), in base64; None where it is kept no longer."""
    (row, *_) = _of(connection, mails.content, id) or (None,)
    if row is None or row.sealed:
        return None
    held, files = mails.content_blob, mails.blob
    both = files.join(held, held.c.digest == files.c.digest)
    asked = select(files.c.digest, files.c.data).select_from(both).where(held.c.message == id)
    blobs = {one.digest: bytes(one.data) for one in connection.execute(asked)}
    return base64.b64encode(data_in(row, blobs.__getitem__, vault=None)).decode()


def _given(row: Any, names: Iterable[str]) -> dict[str, Any]:
    return {one: _shown(one, getattr(row, one)) for one in names}


def _shown(name: str, value: Any) -> Any:
    if name.endswith("_at") or name == "at":
        time = time_or_none(value)
        return None if time is None else time.isoformat()
    return bool(value) if name in ("in_test_mode", "sensitive") else value
