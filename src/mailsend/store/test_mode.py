"""Test mode in the store: the switch that all processes share, and the questions that were asked (P2, P3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from sqlalchemy import bindparam, select, text, update

from mailsend.decide.state import Act
from mailsend.errors import NotInStore, StoreRefused
from mailsend.store.events import note
from mailsend.store.instead import for_the_open
from mailsend.store.mails.written import storable
from mailsend.store.outbox.acts import act_on
from mailsend.store.queue.deposit import Deposit, place
from mailsend.store.queue.inserts import insertion
from mailsend.store.schema.upkeep import confirmation, test_switch
from mailsend.store.statement import Statement
from mailsend.store.times import moment, time_of
from mailsend.store.written_together import Repeatable

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.writer import Writer

__all__ = ["Asked", "TestModeBook"]

_NOBODY_LEFT: Final = (
    "Everybody has it already, or may have it: delete it, or send it anew: mailsend log resend."
)

_ROWS: Final = Statement(
    select(test_switch.c.scope, test_switch.c.recipient).where(test_switch.c.enabled == 1)
)
_SWITCH: Final = Statement(
    text(
        f'INSERT INTO {test_switch.name} (scope, enabled, recipient, "by", "at")'  # noqa: S608 - a name of ours
        " VALUES (:scope, :enabled, :recipient, :by, :at) ON CONFLICT (scope) DO UPDATE SET"
        ' enabled = :enabled, recipient = :recipient, "by" = :by, "at" = :at'
    )
)
_ASK: Final = insertion(confirmation, giving="digest")
_ASKED: Final = Statement(
    select(confirmation).where(confirmation.c.digest == bindparam("which")).with_for_update()
)
_ANSWER: Final = Statement(
    update(confirmation).where(confirmation.c.digest == bindparam("which")),
    columns=("used_at", "by", "answer"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked: about which mails, and until when it may be answered."""

    messages: tuple[str, ...]
    until: datetime


@final
class TestModeBook:
    """The switch and the questions. All methods raise StoreError."""

    __test__ = False  # pytest: this is no test class

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def switched_on(self) -> Mapping[str, str]:
        """Give the test address of each scope that is switched on: the application's is ``""``."""
        return {one.scope: one.recipient for one in self._database.read(_ROWS)}

    def switch(
        self, scope: str, *, enabled: bool, recipient: str, by: str, reason: str, now: datetime
    ) -> None:
        """Switch test mode on or off for a customer, or for the application where ``scope`` is empty."""

        def work(transaction: Transaction) -> None:
            transaction.run(
                _SWITCH,
                scope=scope,
                enabled=int(enabled),
                recipient=recipient,
                by=storable(by),
                at=moment(now),
            )
            act = "test_mode_on" if enabled else "test_mode_off"
            facts = {"recipient": recipient} if enabled else {}
            note(transaction, act, now=now, by=by, customer=scope, reason=reason, facts=facts)

        self._writer.do(work)

    def ask(
        self,
        digest: str,
        deposits: Sequence[Deposit],
        known: Sequence[str],
        *,
        until: datetime,
        now: datetime,
    ) -> tuple[str, ...]:
        """Keep mails, and the question about them and about those ``known`` already; give all their ids."""

        def work(transaction: Transaction) -> tuple[str, ...]:
            placed = [place(transaction, one, now=moment(now)).id for one in deposits]
            ids = tuple(dict.fromkeys((*placed, *known)))
            transaction.run(
                _ASK,
                digest=digest,
                messages=json.dumps(ids),
                made_at=moment(now),
                until=moment(until),
                used_at=None,
                by="",
                answer="",
            )
            return ids

        kept: tuple[str, ...] = self._writer.do(Repeatable(work))
        return kept

    def asked(self, digest: str, *, now: datetime) -> Asked:
        """Give a question that is open; raises StoreError for one that is not."""
        return self._database.looking(lambda transaction: _open(transaction, digest, now))

    def answer(
        self,
        digest: str,
        answer: str,
        instead: Mapping[str, Deposit | None],
        *,
        by: str,
        reason: str,
        now: datetime,
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Answer a question, once: let its mails go, or put others in their place, in one transaction.

        ``instead`` maps each mail to the rows of the one that goes out in its place, or to None where
        it goes itself. Give the id that goes out for each, and why the others do not.
        """
        answered = {"used_at": moment(now), "by": storable(by), "answer": answer}
        sent: dict[str, str] = {}
        refused: dict[str, str] = {}

        def work(transaction: Transaction) -> tuple[dict[str, str], dict[str, str]]:
            asked = _open(transaction, digest, now)
            transaction.run(_ANSWER, which=digest, **answered)
            sent.clear()
            refused.clear()
            for one in asked.messages:
                if one not in instead:
                    continue
                deposit = instead[one]
                if deposit is not None and (deposit := for_the_open(transaction, one, deposit)) is None:
                    refused[one] = _NOBODY_LEFT
                    continue
                act = Act.RELEASE if deposit is None else Act.CANCEL
                obstacle = act_on(transaction, act, one, now=now, by=by, reason=reason)
                if obstacle is not None:
                    refused[one] = obstacle
                elif deposit is None:
                    sent[one] = one
                else:
                    sent[one] = place(transaction, deposit, now=moment(now)).id
                    facts = {"instead_of": one, "answer": answer}
                    customer = deposit.message["customer"]
                    note(
                        transaction, "confirmed", now=now, by=by, message=sent[one], customer=customer,
                        reason=reason, facts=facts,
                    )  # fmt: skip
            return sent, refused

        def again(transaction: Transaction) -> tuple[dict[str, str], dict[str, str]]:
            for row in transaction.run(_ASKED, which=digest):
                if all(getattr(row, name) == value for name, value in answered.items()):
                    return sent, refused  # as this very call has written them
            return work(transaction)

        told: tuple[dict[str, str], dict[str, str]] = self._writer.do(Repeatable(work, again=again))
        return told


def _open(transaction: Transaction, digest: str, now: datetime) -> Asked:
    rows = transaction.run(_ASKED, which=digest)
    if not rows:
        raise NotInStore("this question was never asked here", advice="Ask it anew, and answer that one.")
    row = rows[0]
    if row.used_at is not None:
        raise StoreRefused(
            f"this question was answered by {row.by} at {time_of(row.used_at):%Y-%m-%d %H:%M} UTC ({row.answer})",
            advice="A question is answered once; ask anew about what is left.",
        )
    if time_of(row.until) <= now:
        raise StoreRefused("the time to answer this question has passed", advice="Ask it anew.")
    return Asked(tuple(json.loads(row.messages)), time_of(row.until))
