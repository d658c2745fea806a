"""A shop whose mail goes by the queue: its settings, its mails, and a clock that moves by ageing the store."""

from __future__ import annotations

from collections import Counter
from email import message_from_bytes
from types import SimpleNamespace
from typing import Any

from sqlalchemy import BigInteger, select, update

from mailsend import Message
from mailsend.store.schema import mails, upkeep

KEY = "the-first-of-the-secret-keys"
TEST = "test@suite.example"


def settings(*smarthosts: str, store: str, **application: Any) -> dict[str, Any]:
    """Give settings of one application with these smarthosts and this store."""
    return {
        "application": {
            "name": "Acme Suite",
            "fallback_sender": "Acme Suite <no-reply@suite.example>",
            "allowed_domains": ["suite.example"],
            "admin_address": "postmaster@suite.example",
            "smarthosts": list(smarthosts) or ["memory:"],
            "store": store,
            "secret_keys": [KEY],
            **application,
        }
    }


def a_mail(number: Any = 0, to: Any = "bob@example.org", **fields: Any) -> Message:
    """Give a message that its number tells from every other."""
    return Message(
        **{"from_": "ann@suite.example", "to": to, "subject": f"Mail {number}", "text": "Hi", **fields}
    )


def store_of(mailer: Any) -> Any:
    """Give the store of a Mailer."""
    return mailer._core.store_door.open("a test")


def rows(mailer: Any, table: Any) -> list[SimpleNamespace]:
    """Give all rows of a table, in the order of their keys."""
    asked = select(table).order_by(*table.primary_key.columns)
    found = store_of(mailer)._database.looking(lambda one: one.connection.execute(asked).mappings().all())
    return [SimpleNamespace(**one) for one in found]


def change(mailer: Any, *statements: Any) -> None:
    """Run statements in one transaction."""
    with store_of(mailer)._database.writing() as transaction:
        for one in statements:
            transaction.connection.execute(one)


_TIMES = {
    table: [one for one in table.columns if isinstance(one.type, BigInteger) and not one.primary_key]
    for table in (mails.message, mails.recipient, mails.idempotency, mails.event, upkeep.confirmation)
}


def age(mailer: Any, seconds: float) -> None:
    """Let so many seconds pass, by moving all times of the store into the past."""
    by = int(seconds * 1_000_000)
    change(
        mailer, *[update(table).values({one: one - by for one in times}) for table, times in _TIMES.items()]
    )


def state(mailer: Any, id: str) -> tuple[str, list[str]]:
    """Give a mail's state, and its recipients' outcomes in their order."""
    mail = mailer.outbox.get(id)
    return str(mail.state), [str(one.outcome) for one in mail.recipients]


def states(mailer: Any) -> dict[str, int]:
    """Give how many mails are in which state."""
    return dict(Counter(one.state for one in rows(mailer, mails.message)))


def subjects(server: Any) -> list[str]:
    """Give the subjects of what a server took, sorted."""
    return sorted(str(message_from_bytes(one.data)["Subject"]) for one in server.messages)


def acts(mailer: Any, id: str) -> list[str]:
    """Give what was written down of a mail, in order."""
    return [one.act for one in mailer.outbox.get(id).events]
