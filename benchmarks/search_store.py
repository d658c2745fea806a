"""A store with a log as it is after some months: as many mails as asked for, written in bulk."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.dialects import sqlite

from mailsend.store import upgrade
from mailsend.store.schema.mails import attempt, message, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import moment

LAST = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
DAYS = 90
PEOPLE = 300_000
CUSTOMERS = 300
MAIL_HOUSES = {
    "bigmail.example": ("Big Mail", 34),
    "postfach.example": ("Postfach", 18),
    "courrier.example": ("Courrier", 9),
    "skymail.example": ("Sky", 6),
}
SMALL_DOMAINS = 20_000
SUBJECTS = (
    "Your order {} is confirmed",
    "Invoice {} of Ratcatcher & Sons",
    "Your parcel {} is on its way",
    "Ihre Rechnung {} liegt bereit",
    "Reset your password",
    "Überweisung {} erhalten",
)
_AT_ONCE = 20_000
_DECISIONS = json.dumps([{"v": 1, "step": f"step-{n}", "facts": {"why": "x" * 190}} for n in range(7)])
_CONVERSATION = json.dumps([[0.001 * n, "SC"[n % 2], f"250 2.1.{n} Ok, as it is said"] for n in range(10)])
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def make_store(path: Path, rows: int) -> str:
    """Write a store with ``rows`` mails, one recipient and one attempt each; give its URL.

    A million take some 5 GB. The same number gives the same store.
    """
    url = f"sqlite:///{path}"
    upgrade(url)
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        # In one go at the end: written row by row, an index by chance words takes many times as long.
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql NOTNULL")
        indexes = dict(found.fetchall())
        for name in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        houses = [
            {"domain": name, "provider": one, "source": "mx", "at": 0, "until": 0}
            for name, (one, _) in MAIL_HOUSES.items()
        ]
        _insert(connection, provider, houses)
        mails = _mails(rows)
        while part := list(islice(mails, _AT_ONCE)):
            for place, table in enumerate((message, recipient, attempt)):
                _insert(connection, table, [one[place] for one in part])
        for sql in indexes.values():
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return url


def _insert(connection: sqlite3.Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    names = [one.name for one in table.columns if not (table is attempt and one.name == "id")]
    compiled: Any = insert(table).compile(dialect=sqlite.dialect(), column_keys=names)
    order = compiled.positiontup
    usual = {one.name: _usual(one) for one in table.columns}
    connection.executemany(str(compiled), ([{**usual, **row}[name] for name in order] for row in rows))


def _usual(column: Any) -> Any:
    return None if column.nullable else ("" if column.type.python_type is str else 0)


def person(number: int) -> tuple[str, str]:
    """Give the local part and the domain of one of the people."""
    mixed = number * 2_654_435_761 % 2**32
    point = (mixed >> 8) % 100
    for domain, (_, share) in MAIL_HOUSES.items():
        point -= share
        if point < 0:
            return f"person.{number}", domain
    return f"person.{number}", f"company-{(mixed >> 12) % SMALL_DOMAINS}.example"


def _mails(rows: int) -> Iterator[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]:
    chance = random.Random(4)
    people = [person(number) for number in range(PEOPLE)]
    begin = moment(LAST - timedelta(days=DAYS))
    step = DAYS * 86_400_000_000 // rows
    for number in range(rows):
        at = begin + number * step + chance.randrange(step)
        yield _mail(chance, number, rows - number, at, people[int(PEOPLE * chance.random() ** 2)])


def _mail(
    chance: random.Random, number: int, from_the_end: int, at: int, to: tuple[str, str]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    customer = int(CUSTOMERS * chance.random() ** 3)
    domain = f"customer-{customer}.example"
    sender = f"{chance.choice(('office', 'office', 'billing', 'no-reply'))}@{domain}"
    draw = chance.random()
    requested = sender if draw < 0.8 else "" if draw < 0.95 else f"ann@alias-{customer}.example"
    name = _name(at // 1000, chance.getrandbits(80))
    state, outcome, code, enhanced = _end(chance, from_the_end)
    queue_id = f"4{chance.getrandbits(44):011X}"
    server = "relay.suite.example:587" if customer % 3 else f"mail.{domain}:587"
    digest = f"{chance.getrandbits(256):064x}"
    common = {
        "message": name,
        "code": code,
        "enhanced": enhanced,
        "outcome": outcome,
        "server": server,
        "queue_id": queue_id,
    }
    mail = {
        "id": name,
        "customer": f"customer-{customer}",
        "state": state,
        "reason": "test_mode" if state == "held" else "",
        "how": "enqueue",
        "kind": "transactional",
        "due_at": at,
        "rank": at,
        "queued_at": at,
        "prepared_at": at,
        "attempts": 1,
        "message_id": f"{name}@{domain}",
        "subject": chance.choice(SUBJECTS).format(chance.randrange(10_000_000)),
        "requested": requested,
        "sender": sender,
        "sender_mailbox": f"The office <{sender}>",
        "reply_to": sender,
        "reverse_path": f"bounce@{domain}",
        "template": chance.choice(("order", "invoice", "parcel", "password", "")),
        "tags": '["order"]' if draw < 0.5 else "[]",
        "metadata": "{}",
        "size": 9000 + chance.randrange(4000),
        "digest": digest,
        "first_digest": digest,
        "rules_version": digest[:16],
        "request_digest": "",
        "decisions": _DECISIONS,
        "routes": json.dumps([["application", server]]),
        "envelopes": json.dumps([[f"bounce@{domain}", ["@".join(to)]]]),
        "server": server,
        "queue_id": queue_id,
    }
    address = "@".join(to)
    who = {
        **common,
        "field": "to",
        "address": address,
        "name": "A. Person",
        "key": address,
        "domain": to[1],
        "envelope_address": address,
        "attempts": 1,
        "reply": f"{code} {enhanced} as it is said",
        "updated_at": at,
    }
    tried = {
        **common,
        "fence": 1,
        "started_at": at,
        "ended_at": at,
        "reply": who["reply"],
        "source_ip": "192.0.2.10",
        "worker": "one",
        "recipients": json.dumps([[address, outcome, "", code, enhanced, "as it is said"]]),
        "conversation": _CONVERSATION,
    }
    return mail, who, tried


def _end(chance: random.Random, from_the_end: int) -> tuple[str, str, int, str]:
    draw = chance.random()
    if from_the_end < 2_000 and draw < 0.4:
        return "queued", "deferred", 451, "4.7.1"
    if draw < 0.0008:
        return "held", "held", 250, "2.0.0"
    if draw < 0.002:
        return "expired", "expired", 452, "4.2.2"
    return ("done", "rejected", 550, "5.1.1") if draw < 0.03 else ("done", "accepted", 250, "2.0.0")


def _name(milliseconds: int, rest: int) -> str:
    whole = (milliseconds << 80) | rest
    return "".join(_ALPHABET[(whole >> shift) & 31] for shift in range(125, -1, -5))
