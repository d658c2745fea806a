"""A mail's content read back; each look is written down (M37)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select

from mailsend.errors import NotInStore, StoreRefused
from mailsend.model.message import Message
from mailsend.model.stored_content import StoredContent
from mailsend.store.events import note
from mailsend.store.mails import data_in, message_in
from mailsend.store.mails.written import storable
from mailsend.store.schema.mails import blob, content, content_blob, message
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.model.attachment import Attachment
    from mailsend.store.database import Transaction
    from mailsend.store.vault import Vault

__all__ = ["read_asked_message", "read_content"]

_CONTENT: Final = Statement(select(content).where(content.c.message == bindparam("mail")))
_BLOBS: Final = Statement(
    select(blob.c.digest, blob.c.data)
    .select_from(blob.join(content_blob, content_blob.c.digest == blob.c.digest))
    .where(content_blob.c.message == bindparam("mail"))
)
_MAIL: Final = Statement(
    select(message.c.customer, message.c.sensitive).where(message.c.id == bindparam("mail"))
)


def read_content(transaction: Transaction, id: str, *, by: str, now: datetime) -> StoredContent:
    """Give a mail's content, and write down that ``by`` looked at it.

    Raises NotInStore where there is no such mail, or its content is kept no longer, and StoreRefused for
    a sensitive mail: nobody is shown that.
    """
    found = transaction.run(_MAIL, mail=storable(id))
    if not found:
        raise NotInStore(f"the store has no mail {id}", advice="Look for it: mailsend log search.")
    if found[0].sensitive:
        raise StoreRefused(
            f"{id} is sensitive mail: its content is shown to nobody",
            advice="Look at its decisions and attempts instead.",
        )
    row, blobs = _rows(transaction, id)
    asked = message_in(row, blobs.__getitem__, vault=None)
    note(transaction, "content_seen", now=now, by=by, message=id, customer=found[0].customer)
    return StoredContent(
        subject=asked.subject or "",
        text=asked.text if asked.original is None else asked.original.text,
        html=asked.html if asked.original is None else asked.original.html,
        attachments=_files(asked),
        data=data_in(row, blobs.__getitem__, vault=None),
    )


def read_asked_message(transaction: Transaction, id: str, *, vault: Vault | None) -> Message:
    """Give the stored Message of a mail, to be prepared anew; raises NotInStore where it is kept no longer."""
    row, blobs = _rows(transaction, id)
    return message_in(row, blobs.__getitem__, vault=vault)


def _files(asked: Message) -> tuple[Attachment, ...]:
    if asked.original is None:
        return asked.attachments
    from mailsend.store.reading.files import files_in

    return files_in(asked.original)


def _rows(transaction: Transaction, id: str) -> tuple[Any, dict[str, bytes]]:
    rows = transaction.run(_CONTENT, mail=id)
    if not rows:
        raise NotInStore(
            f"the content of {id} is kept no longer",
            advice="content_days of its customer says how long it is.",
        )
    blobs = {one.digest: bytes(one.data) for one in transaction.run(_BLOBS, mail=id)}
    return rows[0], blobs
