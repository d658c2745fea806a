"""Who did what, and why: one line for each act, written in the transaction of the act itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from mailsend.store.mails.written import as_json, storable
from mailsend.store.schema.mails import event
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["note"]

_COLUMNS: Final = tuple(one.name for one in event.columns if one.name != "id")
_NOTE: Final = Statement(insert(event).inline(), columns=_COLUMNS)


def note(
    transaction: Transaction,
    act: str,
    *,
    now: datetime,
    by: str,
    message: str = "",
    customer: str = "",
    reason: str = "",
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Write down that ``by`` did ``act``; ``message`` is our id of the mail that it concerns, if one."""
    transaction.run(
        _NOTE,
        at=moment(now),
        by=storable(by),
        act=act,
        message=message,
        customer=customer,
        reason=storable(reason),
        facts=as_json(dict(facts or {})),
    )
