"""Who receives mail for which domain, as a duty found it out and until when that holds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final, final

from sqlalchemy import bindparam, delete, text, update

from mailsend.store.queue.inserts import insertion
from mailsend.store.schema import mails
from mailsend.store.schema.upkeep import provider
from mailsend.store.statement import Statement
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.store.database import Database, Transaction
    from mailsend.store.known_provider import KnownProvider
    from mailsend.store.writer import Writer

__all__ = ["ProviderBook"]

# From one domain to the next in the index, so that it takes as many steps as there are domains, not mails.
_ASKED_FOR: Final = Statement(
    text(
        "WITH RECURSIVE one(domain) AS ("  # noqa: S608 - names of ours
        f"SELECT min(domain) FROM {mails.recipient.name}"
        f" UNION ALL SELECT (SELECT min(r.domain) FROM {mails.recipient.name} AS r WHERE r.domain > one.domain)"
        " FROM one WHERE one.domain IS NOT NULL)"
        f" SELECT one.domain AS domain FROM one LEFT JOIN {provider.name} AS p ON p.domain = one.domain"
        " WHERE one.domain <> '' AND (p.domain IS NULL OR p.until <= :now) LIMIT :most"
    )
)
_POSTPONE: Final = Statement(
    update(provider).where(provider.c.domain == bindparam("which")).values(until=bindparam("later"))
)
_FORGET: Final = Statement(delete(provider).where(provider.c.domain == bindparam("which")))
_KNOW: Final = insertion(provider)


@final
class ProviderBook:
    """Keeps who receives mail for which domain. All methods raise StoreError."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    def asked_for(self, *, now: datetime, most: int) -> tuple[str, ...]:
        """Give domains of recipients (A-labels) of which nothing is known, or not any more."""
        rows = self._database.looking(lambda one: one.run(_ASKED_FOR, now=moment(now), most=most))
        return tuple(one.domain for one in rows)

    def keep(self, known: Iterable[KnownProvider], *, now: datetime) -> None:
        """Write down what was found out ``now``."""
        rows = [
            {
                "domain": one.domain,
                "provider": one.provider,
                "source": one.source,
                "at": moment(now),
                "until": moment(one.until),
            }
            for one in known
        ]

        def work(transaction: Transaction) -> None:
            transaction.run_many(_FORGET, [{"which": one["domain"]} for one in rows])
            transaction.run_many(_KNOW, rows)

        self._writer.do(work)

    def postpone(self, domains: Iterable[str], *, until: datetime, now: datetime) -> None:
        """Let what is known of these hold until then, and nothing where nothing is known."""
        rows = [
            {"domain": one, "provider": "", "source": "none", "at": moment(now), "until": moment(until)}
            for one in domains
        ]

        def work(transaction: Transaction) -> None:
            transaction.run_many(_POSTPONE, [{"which": one["domain"], "later": one["until"]} for one in rows])
            transaction.run_many(_KNOW, rows)

        self._writer.do(work)
