"""A small log of mails that differ in everything a query can ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, insert

from mailsend.model.address import Address
from mailsend.store.database import Database
from mailsend.store.schema.mails import attempt, message, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import moment

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


def _row(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    usual = {
        one.name: None if one.nullable else "" if one.type.python_type is str else 0
        for one in table.columns
        if not (table is attempt and one.name == "id")
    }
    assert set(given) <= set(usual)
    return {**usual, **given}


def mail(name: str, ago: timedelta, **more: Any) -> dict[str, Any]:
    """Give a row of ``mailsend_message``."""
    usual = {
        "state": "done",
        "kind": "transactional",
        "tags": "[]",
        "metadata": "{}",
        "message_id": f"{name}@suite.example",
        "sender": "office@suite.example",
        "requested": "office@suite.example",
        "queued_at": moment(NOW - ago),
        "size": 1000,
    }
    return _row(message, {"id": name, **usual, **more})


def to(name: str, address: str, position: int = 0, **more: Any) -> dict[str, Any]:
    """Give a row of ``mailsend_recipient``."""
    who = Address.parse(address)
    usual = {
        "field": "to",
        "address": address,
        "key": who.key,
        "domain": who.domain.ascii,
        "outcome": "accepted",
    }
    return _row(recipient, {"message": name, "position": position, "updated_at": 0, **usual, **more})


def tried(name: str, **more: Any) -> dict[str, Any]:
    """Give a row of ``mailsend_attempt``."""
    return _row(attempt, {"message": name, **more})


MAILS = [
    mail(
        "a1",
        timedelta(days=40),
        subject="Order 4711 is confirmed",
        customer="rat",
        template="order",
        size=300,
    ),
    mail("a2", timedelta(days=10), subject="Invoice 4711", customer="Rat", sender="billing@suite.example"),
    mail(
        "b1",
        timedelta(days=3),
        subject="Überweisung erhalten",
        requested="ann@alias.example",
        sender="ann@suite.example",
        business_unit="North",
        actor="Erna",
        tags=json.dumps(["urgent", 'with "quotes"', "a\\b"], ensure_ascii=False),
    ),
    mail("b2", timedelta(hours=3), subject="100% _sure_", requested="", tags='["Invoice","north"]', size=900),
    mail("c1", timedelta(hours=2), subject="hold on", state="held", reason="test_mode", customer="rat"),
    mail("c2", timedelta(minutes=40), subject="waiting", state="queued", template="Order-2", size=1_000_000),
    mail("c3", timedelta(minutes=10), subject="frozen", state="queued", frozen=1, kind="status"),
    mail("d1", timedelta(seconds=180), subject="", state="sending", message_id="<odd>@x.example"),
    mail("d2", timedelta(seconds=1), subject="stopped", state="cancelled", reason="by_hand"),
]
RECIPIENTS = [
    to("a1", "Bob@big.example"),
    to("a1", "eve@small.example", 1, field="cc"),
    to("a2", "bob@big.example", field="cc"),
    to(
        "b1",
        "carl@kein-anschluss.example",
        outcome="rejected",
        reason="no_such_user",
        code=550,
        enhanced="5.1.1",
    ),
    to("b2", "jürgen@müller.example"),
    to("c1", "bob@small.example", outcome="held", reason="test_mode", field="bcc"),
    to("c2", "dora@mx.big.example", outcome="deferred", reason="greylisted", code=451, enhanced="4.7.1"),
    to("c3", "bobby@big.example", outcome="pending"),
    to("d1", "bob_1@big.example", outcome="unknown"),
    to("d2", "archive@suite.example", outcome="cancelled", reason="by_hand", field="archive"),
]
ATTEMPTS = [
    tried("a1", server="relay.suite.example:587", queue_id="4ABC12", source_ip="192.0.2.10", code=250),
    tried("a2", server="main", queue_id="4ABD99", source_ip="2001:db8::1"),
    tried("b1", server="relay.suite.example:587", code=550, enhanced="5.1.1"),
    tried("b2", server="relay.suite.example:25"),
    tried("b2", server="[2001:db8::7]:25"),
    tried("c2", server="main"),
    tried("c2", server="mail.rat.example:587", queue_id="XYZ"),
]
PROVIDERS = [
    _row(provider, {"domain": "big.example", "provider": "Big Mail", "source": "mx"}),
    _row(provider, {"domain": "small.example", "provider": "Small", "source": "table"}),
    _row(provider, {"domain": "kein-anschluss.example", "provider": "", "source": "none"}),
]
EVERY = tuple(one["id"] for one in reversed(MAILS))


def fill(database: Database) -> None:
    """Write the log."""
    rows: Iterable[tuple[Table, list[dict[str, Any]]]] = (
        (message, MAILS),
        (recipient, RECIPIENTS),
        (attempt, ATTEMPTS),
        (provider, PROVIDERS),
    )
    with database.writing() as transaction:
        for table, several in rows:
            transaction.connection.execute(insert(table), several)
