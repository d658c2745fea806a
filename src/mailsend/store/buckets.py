"""Rows of limits: locked, taken from, put back, within somebody's transaction (M8, S2)."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, select, text, update

from mailsend.decide.limit import FULL, Bucket, Limit, Out, Rate, Taken, Wait, ended, give_back, take
from mailsend.store.schema.upkeep import limit as table
from mailsend.store.statement import Statement
from mailsend.store.times import MICROSECONDS

if TYPE_CHECKING:
    from mailsend.model.server import Server
    from mailsend.store.database import Transaction

__all__ = [
    "account_mark",
    "keep_rates",
    "kept_rates",
    "lane_name",
    "put_back",
    "rates_of",
    "read_bucket",
    "take_from",
    "take_kept",
    "write_rates",
]

_this: Final = table.c.name == bindparam("which")
_BEGIN: Final = Statement(
    text(
        "INSERT INTO mailsend_limit (name, rates, bucket, at) VALUES (:name, :rates, :bucket, :at)"
        " ON CONFLICT DO NOTHING"
    )
)
_LOCKED: Final = Statement(select(table.c.rates, table.c.bucket, table.c.at).where(_this).with_for_update())
_KEPT_RATES: Final = Statement(select(table.c.name, table.c.rates))
_SKEW: Final = 10 * MICROSECONDS  # by which the clocks of several hosts may differ
_SET: Final = Statement(update(table).where(_this), columns=("rates", "bucket", "at"))


def lane_name(server: Server) -> str:
    """Give what a server's limits are counted under: kind, place, and a digest of the user.

    Neither another password nor another TLS mode begins a new count, and no customer has one of its own.
    """
    name = f"{server.kind}:{server.host or server.folder}:{server.port}"
    mark = account_mark(server)
    return f"{name}/{mark}" if mark else name


def account_mark(server: Server) -> str:
    """Give what tells a server's account from another one at the same place; empty where it has none."""
    if server.credentials is None:
        return ""
    user = server.credentials.user.encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"mailsend user " + user).hexdigest()[:16]


def keep_rates(transaction: Transaction, name: str, limit: Limit, *, now: int) -> None:
    """Begin the row of a limit where there is none, so that ``take_kept`` knows its rates.

    ``now`` is in microseconds, as the store keeps times, here and below.
    """
    transaction.run(_BEGIN, name=name, rates=rates_of(limit), bucket=_outs(FULL), at=now)


def kept_rates(transaction: Transaction) -> dict[str, str]:
    """Give the rates of all limits by their names, written as ``rates_of`` writes them; none is locked."""
    return {one.name: one.rates for one in transaction.run(_KEPT_RATES)}


def write_rates(transaction: Transaction, name: str, limit: Limit, *, now: int) -> None:
    """Write the rates of a limit down; what was taken stays taken."""
    row = _locked(transaction, name, limit, now)
    _set(transaction, name, limit, _bucket(row, limit), row.at)


def take_kept(transaction: Transaction, name: str, *, now: int, recipients: int = 1) -> Taken | Wait | None:
    """Take as ``take_from`` does, by the rates that the row itself holds; None where there is no row."""
    rows = transaction.run(_LOCKED, which=name)
    if not rows:
        return None
    limit = Limit(tuple([one for one, _ in read_bucket(rows[0].rates, rows[0].bucket)]))
    return _taken(transaction, name, limit, rows[0], now, recipients)


def take_from(
    transaction: Transaction, name: str, limit: Limit, *, now: int, recipients: int = 1
) -> Taken | Wait:
    """Take one mail to ``recipients`` from every rate of ``limit``, or from none.

    It counts when the transaction is committed; until then nobody else can take.
    """
    return _taken(transaction, name, limit, _locked(transaction, name, limit, now), now, recipients)


def put_back(transaction: Transaction, name: str, limit: Limit, *, at: int, recipients: int = 1) -> None:
    """Put back what a mail took at the time ``at`` that no server has seen."""
    row = _locked(transaction, name, limit, at)
    bucket = give_back(_bucket(row, limit), limit, at / MICROSECONDS, recipients)
    _set(transaction, name, limit, bucket, row.at)


def read_bucket(rates: str, bucket: str) -> list[tuple[Rate, Out]]:
    """Give each rate of a row, with when what was taken from it comes back (seconds since 1970)."""
    outs: list[Out] = [tuple([(float(back), int(many)) for back, many in one]) for one in json.loads(bucket)]
    read = [Rate(amount, seconds, per_recipient) for amount, seconds, per_recipient in json.loads(rates)]
    return [(one, outs[at] if at < len(outs) else ()) for at, one in enumerate(read)]


def _taken(
    transaction: Transaction, name: str, limit: Limit, row: Any, now: int, recipients: int
) -> Taken | Wait:
    # Whoever asked the clock first need not be here first, and a little later is true for both.
    counted = row.at if now < row.at <= now + _SKEW else now
    found = take(_bucket(row, limit), limit, counted / MICROSECONDS, recipients)
    if isinstance(found, Wait):
        return Wait(found.bucket, (found.seconds or 0.0) + (counted - now) / MICROSECONDS)
    # What is under way is not kept: who dies could never say that he has ended.
    left = ended(found.bucket)
    _set(transaction, name, limit, left, counted)
    return Taken(left)


def _locked(transaction: Transaction, name: str, limit: Limit, now: int) -> Any:
    """Give the row of a limit, and keep everybody else from it until this transaction has ended."""
    rows = transaction.run(_LOCKED, which=name)
    if not rows:
        keep_rates(transaction, name, limit, now=now)
        rows = transaction.run(_LOCKED, which=name)
    return rows[0]


def _bucket(row: Any, limit: Limit) -> Bucket:
    """Read a bucket for the rates of today: what another period has out counts there no more."""
    out = {_kind(rate): out for rate, out in read_bucket(row.rates, row.bucket)}
    return Bucket(tuple([out.get(_kind(one), ()) for one in limit.rates]))


def _kind(rate: Rate) -> tuple[float, bool]:
    return rate.seconds, rate.per_recipient


def _set(transaction: Transaction, name: str, limit: Limit, bucket: Bucket, now: int) -> None:
    transaction.run(_SET, which=name, rates=rates_of(limit), bucket=_outs(bucket), at=now)


def rates_of(limit: Limit) -> str:
    """Write the rates of a limit, as its row has them."""
    return _written([[one.amount, one.seconds, one.per_recipient] for one in limit.rates])


def _outs(bucket: Bucket) -> str:
    return _written(bucket.out)


def _written(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
