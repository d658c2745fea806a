"""What is asked of the tables of servers."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, delete, insert, select, update

from mailsend.store.schema.servers import server, server_step
from mailsend.store.statement import Statement

__all__ = ["ADD", "CUSTOMERS", "HISTORY", "NOTE", "OF", "REMOVE", "STATES", "UPDATE"]

_KEPT: Final = tuple(one.name for one in server.columns)
_SET: Final = tuple(one for one in _KEPT if one not in ("id", "customer"))
_HISTORY: Final = tuple(one.name for one in server_step.columns if one.name != "id")

_of: Final = server.c.customer == bindparam("customer")
_this: Final = server.c.id == bindparam("row")

# Asked for every mail of a customer with servers.
STATES: Final = Statement(
    select(server.c.fingerprint, server.c.state).where(_of).order_by(server.c.position, server.c.id)
)
OF: Final = Statement(select(server).where(_of).order_by(server.c.position, server.c.id))

CUSTOMERS: Final = Statement(select(server.c.customer).distinct().order_by(server.c.customer))
ADD: Final = Statement(insert(server).inline(), columns=_KEPT[1:])
UPDATE: Final = Statement(update(server).where(_this), columns=_SET)
REMOVE: Final = Statement(delete(server).where(_this))
NOTE: Final = Statement(insert(server_step).inline(), columns=_HISTORY)
HISTORY: Final = Statement(
    select(*(server_step.c[one] for one in _HISTORY))
    .where(server_step.c.customer == bindparam("customer"))
    .order_by(server_step.c.id)
)
