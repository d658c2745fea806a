"""Searching a log of a million mails: medians, beside a bare SELECT by an index.

    python benchmarks/search.py [--rows N] [--store FILE] [--json FILE]

A store is written first, some 5 GB for a million mails, and taken away at the end; ``--store`` names a
file that is written once and kept. No figure decides the exit code.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from search_store import CUSTOMERS, LAST, PEOPLE, make_store, person

from mailsend.decide.query import parse
from mailsend.store.database import Database
from mailsend.store.location import read_location
from mailsend.store.schema.mails import message
from mailsend.store.search import page

_ROUNDS = 15
_GOALS = {"indexed": 50.0, "partial": 500.0}  # milliseconds at the median
_SHOWN = (message.c.id, message.c.queued_at, message.c.state, message.c.subject, message.c.sender)


@dataclass(frozen=True, slots=True)
class Kind:
    """Queries of one shape: ``make`` gives another one each time."""

    name: str
    group: str
    make: Callable[[random.Random, Sequence[str]], str]


def _someone(chance: random.Random) -> str:
    return "@".join(person(chance.randrange(PEOPLE)))


def _customer(chance: random.Random) -> int:
    return int(CUSTOMERS * chance.random() ** 3)


KINDS = (
    Kind("id:", "indexed", lambda chance, ids: f"id:{chance.choice(ids)}"),
    Kind("message-id:", "indexed", lambda chance, ids: f"message-id:{chance.choice(ids)}*"),
    Kind("rcpt:", "indexed", lambda chance, _: f"rcpt:{_someone(chance)}"),
    Kind("rcpt: begins", "indexed", lambda chance, _: f"rcpt:person.{chance.randrange(1000, 9999)}*"),
    Kind("domain: rare", "indexed", lambda chance, _: f"domain:company-{chance.randrange(20000)}.example"),
    Kind("domain: common", "indexed", lambda *_: "domain:bigmail.example"),
    Kind("from:", "indexed", lambda chance, _: f"from:office@customer-{_customer(chance)}.example"),
    Kind("from: alias", "indexed", lambda chance, _: f"from:ann@alias-{_customer(chance)}.example"),
    Kind("customer:", "indexed", lambda chance, _: f"customer:customer-{_customer(chance)}"),
    Kind("after:", "indexed", lambda *_: "after:2h"),
    Kind("on:", "indexed", lambda chance, _: f"on:2026-10-{chance.randrange(1, 31):02}"),
    Kind(
        "server:",
        "partial",
        lambda chance, _: f"server:mail.customer-{3 * chance.randrange(100)}.example:587",
    ),
    Kind("state:held", "indexed", lambda *_: "state:held"),
    Kind("state:queued", "indexed", lambda *_: "state:queued"),
    Kind("open", "indexed", lambda *_: "state:queued OR state:held OR state:sending"),
    Kind(
        "customer, day, domain",
        "indexed",
        lambda chance, _: f"customer:customer-{_customer(chance)} on:2026-10-03 domain:postfach.example",
    ),
    Kind("word, common", "partial", lambda *_: "invoice"),
    Kind("word, rare", "partial", lambda chance, _: str(chance.randrange(1_000_000, 9_999_999))),
    Kind("word, nowhere", "partial", lambda *_: "hippopotamus"),
    Kind("subject: within", "partial", lambda chance, _: f"subject:*{chance.randrange(100_000, 999_999)}*"),
    Kind("rcpt: within", "partial", lambda chance, _: f"rcpt:*son.{chance.randrange(10_000, 99_999)}*"),
    Kind("from: within", "partial", lambda chance, _: f"from:*-{_customer(chance)}.example"),
    Kind("domain: within", "partial", lambda chance, _: f"domain:*-{chance.randrange(20000)}.example"),
    Kind("message-id: within", "partial", lambda chance, ids: f"message-id:*{chance.choice(ids)[12:]}*"),
    Kind("word and customer", "partial", lambda chance, _: f"parcel customer:customer-{_customer(chance)}"),
    Kind("template: and code:", "partial", lambda *_: "template:inv* code:550"),
    Kind("reason: and code:", "partial", lambda *_: "reason:test_mode OR code:452"),
    Kind("outcome: rare", "partial", lambda *_: "outcome:expired"),
    Kind("tag: and not from:", "partial", lambda *_: "tag:ord* -from:office@*"),
    Kind("provider:", "partial", lambda *_: 'provider:"Big Mail"'),
)


def main() -> None:
    """Measure, print, keep the JSON."""
    asked = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    asked.add_argument("--rows", type=int, default=1_000_000)
    asked.add_argument("--store", type=Path, metavar="FILE", help="written where it is not there, and kept")
    asked.add_argument("--json", type=Path, metavar="FILE")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="mailsend-search-") as folder:
        path = given.store or Path(folder) / "log.db"
        if not path.exists():
            began = time.perf_counter()
            make_store(path, given.rows)
            print(f"written in {time.perf_counter() - began:.0f} s: {path.stat().st_size / 1e9:.1f} GB")
        told = measure(path)
    if given.json:
        given.json.write_text(json.dumps(told, indent=2) + "\n")


def measure(path: Path) -> dict[str, dict[str, float]]:
    """Give, for each kind of query, the median of its milliseconds and the longest time; print them all."""
    chance = random.Random(7)
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        ids = [
            one
            for (one,) in connection.execute("SELECT id FROM mailsend_message ORDER BY random() LIMIT 200")
        ]
        bare = statistics.median(_bare(connection, one) for one in ids[-100:])
    connection.close()
    print(f"a bare SELECT of a row by its id: {bare:.3f} ms\n")
    print(f"{'':24} {'median ms':>10} {'longest':>10} {'x bare':>8}")
    database = Database(read_location(f"sqlite:///{path.absolute()}"))
    told = {}
    medians: dict[str, list[float]] = {}
    for kind in KINDS:
        times = [_search(database, kind.make(chance, ids)) for _ in range(_ROUNDS)]
        middle = statistics.median(times)
        medians.setdefault(kind.group, []).extend(times)
        told[kind.name] = {"median": middle, "longest": max(times), "ratio": middle / bare}
        print(f"{kind.name:24} {middle:10.2f} {max(times):10.2f} {middle / bare:8.0f}", flush=True)
    database.close()
    print()
    for group, times in medians.items():
        middle = statistics.median(times)
        goal = _GOALS[group]
        print(
            f"{group}: median {middle:.2f} ms, {middle / bare:.0f} times a bare SELECT;"
            f" goal below {goal:.0f} ms: {'holds' if middle < goal else 'DOES NOT HOLD'}"
        )
        told[group] = {"median": middle, "longest": max(times), "ratio": middle / bare}
    return told


def _bare(connection: sqlite3.Connection, name: str) -> float:
    began = time.perf_counter()
    rows = connection.execute(
        "SELECT id, queued_at, state, subject, sender FROM mailsend_message WHERE id = ?", (name,)
    ).fetchall()
    assert len(rows) == 1
    return 1000 * (time.perf_counter() - began)


def _search(database: Database, text: str) -> float:
    began = time.perf_counter()
    query = parse(text)
    database.looking(lambda transaction: page(transaction, query, now=LAST, columns=_SHOWN))
    return 1000 * (time.perf_counter() - began)


if __name__ == "__main__":
    main()
