"""Refused log-ins as all processes know them, and whose turn it is to try (M12)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, final

from sqlalchemy import and_, bindparam, delete, select, text, update

from mailsend.decide.refusals import NONE_REFUSED, Refusals
from mailsend.store.buckets import lane_name
from mailsend.store.fingerprint import fingerprints, prints
from mailsend.store.schema.servers import refused_log_in as table
from mailsend.store.statement import Statement
from mailsend.store.times import MICROSECONDS, moment

if TYPE_CHECKING:
    from mailsend.model.secret import Secret
    from mailsend.model.server import Server
    from mailsend.store.database import Database, Transaction

__all__ = ["LogInBook", "LogInTurn"]

_TURN: Final = 30 * MICROSECONDS  # for which whoever tries is waited for: he may have died
_KEPT: Final = (
    30 * 86_400 * MICROSECONDS
)  # for which a refusal is remembered: a password that is changed has another row
_EVER: Final = 2**62  # microseconds
_NOBODY: Final = ""  # of no customer: whoever has the account, a refusal is the account's

_this: Final = table.c.account == bindparam("which")
_ROW: Final = Statement(select(table).where(_this))
_LOCKED: Final = Statement(select(table).where(_this).with_for_update())
_BEGIN: Final = Statement(
    text(
        "INSERT INTO mailsend_refused_log_in (account, refusals, at, holder, turn_until)"
        " VALUES (:account, 0, 0, '', 0) ON CONFLICT DO NOTHING"
    )
)
_SET: Final = Statement(update(table).where(_this), columns=("refusals", "at", "holder", "turn_until"))
_GIVE_UP: Final = Statement(
    update(table).where(and_(_this, table.c.holder == bindparam("whose"))).values(holder="", turn_until=0)
)
_FORGET: Final = Statement(delete(table).where(_this, table.c.at <= bindparam("until")))
_TIDY: Final = Statement(
    delete(table).where(table.c.at < bindparam("before"), table.c.turn_until < bindparam("before"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInTurn:
    """What is known of an account: its refusals (seconds since 1970), and whose turn it is to log in.

    ``known``: whether there is anything at all; it is forgotten when a log-in has succeeded.
    """

    refusals: Refusals = NONE_REFUSED
    known: bool = False
    mine: bool = False
    others: bool = False


@final
class LogInBook:
    """Keeps which accounts no log-in is tried on for a while; each method is one short transaction.

    Rows hold neither user nor password: with a secret key a fingerprint, so that another password is
    another row; without one the name under which the account's limits are counted. All methods raise
    StoreError, and InvalidSettings for a secret key that can be guessed. ``now`` has its zone.
    """

    def __init__(self, database: Database, secret_keys: Sequence[Secret] = ()) -> None:
        self._database = database
        self._keys = tuple(secret_keys)

    def look(self, server: Server, *, since: datetime, now: datetime) -> LogInTurn:
        """Say what is known of an account, and take nothing.

        Without a secret key nobody knows whose password was refused: what came before ``since``, when
        the password was set here, binds nobody.
        """
        rows = [one for name in self._names(server) for one in self._database.read(_ROW, which=name)]
        return self._read(rows, since, moment(now))

    def take(
        self, server: Server, holder: str, *, by_person: bool, since: datetime, now: datetime
    ) -> LogInTurn:
        """Take the turn to log in where it is free and no pause lasts; it is held for half a minute."""
        at = moment(now)
        with self._database.writing() as transaction:
            row, *others = self._locked(transaction, server)
            found = self._read([row, *others], since, at)
            if found.others or found.refusals.closed(at / MICROSECONDS, by_person=by_person):
                return found
            self._set(transaction, row.account, _refusals(row), holder, at + _TURN)
            return LogInTurn(refusals=found.refusals, known=True, mine=True)

    def refused(self, server: Server, holder: str, *, now: datetime) -> Refusals:
        """Write a 535 down and leave the turn; give all refusals that count now."""
        at = moment(now)
        with self._database.writing() as transaction:
            transaction.run(_TIDY, before=at - _KEPT)
            row, *others = self._locked(transaction, server)
            after = _worst([row, *others]).one_more(at / MICROSECONDS)
            mine = row.holder in ("", holder)
            self._set(
                transaction, row.account, after, "" if mine else row.holder, 0 if mine else row.turn_until
            )
            return after

    def leave(self, server: Server, holder: str) -> None:
        """Leave the turn: nobody knows more than before."""
        with self._database.writing() as transaction:
            transaction.run(_GIVE_UP, which=self._names(server)[0], whose=holder)

    def forget(self, server: Server, *, until: datetime | None = None) -> None:
        """Forget what was refused ``until`` a log-in succeeded, or all of it: a person begins anew."""
        latest = _EVER if until is None else moment(until)
        with self._database.writing() as transaction:
            for name in self._names(server):
                transaction.run(_FORGET, which=name, until=latest)

    def _names(self, server: Server) -> list[str]:
        """Give what an account may be kept under, the one to write first."""
        if not self._keys:
            return [lane_name(server)]
        return prints(fingerprints(_NOBODY, server, self._keys))

    def _locked(self, transaction: Transaction, server: Server) -> list[Any]:
        """Give an account's rows, the one to write first, and keep everybody else from them."""
        first, *others = self._names(server)
        begun: list[Any] = []
        while not begun:  # somebody who has logged in may forget it in between
            transaction.run(_BEGIN, account=first)
            begun = [*transaction.run(_LOCKED, which=first)]
        return [*begun, *[one for name in others for one in transaction.run(_LOCKED, which=name)]]

    def _set(self, transaction: Transaction, name: str, refusals: Refusals, holder: str, until: int) -> None:
        at = round(refusals.at * MICROSECONDS) if refusals.count else 0
        transaction.run(_SET, which=name, refusals=refusals.count, at=at, holder=holder, turn_until=until)

    def _read(self, rows: Sequence[Any], since: datetime, now: int) -> LogInTurn:
        told = [one for one in rows if self._keys or one.at >= moment(since)]
        # A turn that ends later than one can last is of a clock that goes wrong.
        trying = any(now < one.turn_until <= now + 2 * _TURN for one in rows)
        return LogInTurn(refusals=_worst(told), known=bool(rows), others=trying)


def _refusals(row: Any) -> Refusals:
    return Refusals(row.refusals, row.at / MICROSECONDS) if row.refusals else NONE_REFUSED


def _worst(rows: Sequence[Any]) -> Refusals:
    return max(map(_refusals, rows), key=lambda one: (one.count, one.at), default=NONE_REFUSED)
