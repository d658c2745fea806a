"""Bytes made anew before the first attempt (M34): written down before they go out, with both digests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, text, update

from mailsend.store.events import note
from mailsend.store.schema.mails import content, message
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.store.database import Transaction

__all__ = ["write_renewed"]

_MESSAGE: Final = Statement(
    text(
        f"UPDATE {message.name} SET digest = :digest, prepared_at = :prepared_at, size = :size,"  # noqa: S608 - a name of ours
        " decisions = :decisions, rules_version = :rules_version, seal = :seal"
        " WHERE id = :id AND fence = :fence AND state = 'sending' RETURNING customer"
    )
)
_CONTENT: Final = Statement(
    update(content).where(content.c.message == bindparam("mail")),
    columns=("data", "cuts"),
)


def write_renewed(
    transaction: Transaction,
    id: str,
    fence: int,
    *,
    columns: Mapping[str, Any],
    kept: Mapping[str, Any],
    before: str,
    now: datetime,
) -> bool:
    """Write the new bytes down; False where the mail is no longer in these hands.

    ``columns`` are those of the mail, ``kept`` those of its content, ``before`` the earlier digest.
    """
    rows = transaction.run(_MESSAGE, id=id, fence=fence, prepared_at=moment(now), **columns)
    if not rows:
        return False
    transaction.run(_CONTENT, mail=id, **kept)
    facts = {"before": before, "after": columns["digest"]}
    note(transaction, "renewed", now=now, by="mailsend", message=id, customer=rows[0].customer, facts=facts)
    return True
