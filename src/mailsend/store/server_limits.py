"""The limits that servers in the store have: what one server gives up, another one of the account may keep (M8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import or_, select

from mailsend.decide.limit import Limit, Rate, is_limited, limit_of
from mailsend.errors import MailsendError
from mailsend.store.buckets import lane_name
from mailsend.store.schema.servers import server as table
from mailsend.store.server_rows import server_in
from mailsend.store.server_shelf import row_from
from mailsend.store.statement import Statement

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from mailsend.model.server import Server
    from mailsend.store.database import Transaction
    from mailsend.store.server_codec import ServerCodec
    from mailsend.store.server_rows import ServerRow

__all__ = ["LimitsOfOthers", "limits_kept", "strictest"]

_RATES: Final = ('"max_per_', '"max_recipients_per_')  # as each begins in a definition
_LIMITED: Final = Statement(select(table).where(or_(*(table.c.definition.contains(one) for one in _RATES))))


class LimitsOfOthers:
    """Gives what is left of a server's limit: the rules' own, else that of other servers in the store."""

    def __init__(self, codec: ServerCodec, in_rules: Mapping[str, Limit] | None = None) -> None:
        self._codec = codec
        self._in_rules = in_rules or {}

    def __call__(self, transaction: Transaction, names: Collection[str]) -> dict[str, Limit]:
        """Give those of the limits ``names`` that somebody has."""
        in_rules = {name: self._in_rules[name] for name in names if name in self._in_rules}
        return {**limits_kept(transaction, self._codec, names), **in_rules}


def limits_kept(transaction: Transaction, codec: ServerCodec, names: Collection[str]) -> dict[str, Limit]:
    """Give those of the limits ``names`` that a server in the store has, in whatever state it is.

    A locked one may be released tomorrow, and its account is the same. Of several that differ it is the
    strictest of each rate. A server whose account cannot be read, for want of its key, has every account
    at its place.
    """
    found: dict[str, list[Limit]] = {}
    for row in transaction.run(_LIMITED):
        server, whole = _read(row_from(row), codec)
        if server is None or not is_limited(server):
            continue
        lane = lane_name(server)
        for name in names:
            if name == lane or (not whole and name.startswith(f"{lane}/")):
                found.setdefault(name, []).append(limit_of(server))
    return {name: strictest(limits) for name, limits in found.items()}


def strictest(limits: Iterable[Limit]) -> Limit:
    """Give the limit that keeps to all of ``limits``: of rates for one period the smallest amount."""
    least: dict[tuple[float, bool], Rate] = {}
    for one in (rate for limit in limits for rate in limit.rates):
        kind = one.seconds, one.per_recipient
        if kind not in least or one.amount < least[kind].amount:
            least[kind] = one
    return Limit(tuple(least.values()))


def _read(row: ServerRow, codec: ServerCodec) -> tuple[Server | None, bool]:
    """Give the server of a row, without its account where that cannot be read, and whether it is whole."""
    try:
        return codec.record(row).server, True
    except MailsendError:  # also where there is no key at all
        pass
    try:
        return server_in(row.definition or "", None, row.name), False
    except (MailsendError, ValueError, TypeError, LookupError, AttributeError):
        return None, False  # it is no server, and nothing goes through it
