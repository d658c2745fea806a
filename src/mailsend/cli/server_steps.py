"""``mailsend server release``, ``lock`` and ``unlock``: the steps that a person takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailsend.cli import options
from mailsend.cli import server_asking as asking
from mailsend.cli.asking import mailer_for
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_words import tell_record
from mailsend.decide.server_state import Refused, ServerAct, next_state
from mailsend.errors import StoreError, StoreRefused
from mailsend.mailer import Mailer
from mailsend.model.server import ServerState
from mailsend.model.server_record import ServerRecord

__all__ = ["allowed", "lock", "release", "store_refuses", "unlock", "with_store"]


def release(
    who: asking.Who = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    by: asking.By = None,
    note: asking.Note = "",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Let a verified server carry its customer's mail. From here on the customer answers for delivery."""
    output = Output(as_json=as_json, quiet=quiet)
    return _step(output, config, (who, which), customer, ServerAct.RELEASE, by, note)


def lock(
    who: asking.Who = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    by: asking.By = None,
    note: asking.Note = "",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Keep all mail from a server, at once."""
    output = Output(as_json=as_json, quiet=quiet)
    return _step(output, config, (who, which), customer, ServerAct.LOCK, by, note)


def unlock(
    who: asking.Who = None,
    which: asking.Which = None,
    customer: options.Customer = None,
    by: asking.By = None,
    note: asking.Note = "",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Take a lock away: the server is entered, and has to be verified."""
    output = Output(as_json=as_json, quiet=quiet)
    return _step(output, config, (who, which), customer, ServerAct.UNLOCK, by, note)


def _step(
    output: Output,
    config: Path | None,
    words: tuple[str | None, ...],
    customer: str | None,
    act: ServerAct,
    by: str | None,
    note: str,
) -> int:
    name, rest = asking.named(words, customer)
    with mailer_for(config) as mailer:
        record = allowed(mailer, name, rest[0] if rest else None, act)
        take = {
            ServerAct.RELEASE: mailer.servers.release,
            ServerAct.LOCK: mailer.servers.lock,
            ServerAct.UNLOCK: mailer.servers.unlock,
        }[act]
        with store_refuses():
            taken = take(name, record.name, by=asking.person(by), note=note)
    return tell_record(output, taken)


def with_store(mailer: Mailer, customer: str) -> None:
    """See that there is a store, and that it can be read; raises StoreError, which ends with 69."""
    mailer.servers.needs_store()
    mailer.servers.list(customer)


@contextmanager
def store_refuses() -> Iterator[None]:
    """Let what the store will not do end as what it refuses; that it failed has a cause, and is told as it is."""
    try:
        yield
    except StoreError as problem:
        if problem.__cause__ is not None or type(problem) is not StoreError:
            raise
        raise StoreRefused(str(problem), advice=problem.advice) from None


def allowed(mailer: Mailer, customer: str, which: str | None, act: ServerAct) -> ServerRecord:
    """Give the server where it may take this step; else the command has failed, not permitted."""
    mailer.servers.needs_store()
    record = mailer.servers.find(customer, which)
    # One of the settings whose state nobody has kept yet begins where all begin.
    state = record.state if record.steps or not record.from_rules else ServerState.ENTERED
    after = next_state(state, act)
    if isinstance(after, Refused):
        raise CommandFailed(
            Exit.NOT_PERMITTED, f"{record.name} of {customer}: {after.explain()}", advice=after.advice
        )
    return record
