"""The content of sensitive mail goes as soon as the mail has come to its end (M37)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select

from mailsend.model.mail_state import MailState
from mailsend.store.schema.mails import content, message
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["forget_sensitive"]

_ENDED: Final = (MailState.DONE, MailState.CANCELLED, MailState.EXPIRED)
_FORGET: Final = Statement(
    delete(content).where(
        content.c.message == bindparam("mail"),
        content.c.sealed == bindparam("yes"),
        select(message.c.id)
        .where(message.c.id == content.c.message, message.c.state.in_([bindparam(one) for one in _ENDED]))
        .exists(),
    )
)


def forget_sensitive(transaction: Transaction, mails: Sequence[str]) -> int:
    """Delete the content of those of these mails that are sensitive and at their end; give how many."""
    words = {str(one): str(one) for one in _ENDED}
    return transaction.run_many(_FORGET, [{"mail": one, "yes": 1, **words} for one in mails])
