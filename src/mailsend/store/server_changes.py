"""What a step or a change makes of a row."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from mailsend.errors import StoreError
from mailsend.model.server import Server, ServerState
from mailsend.model.server_record import ServerStep
from mailsend.store.fingerprint import Fingerprint
from mailsend.store.server_rows import ServerRow, steps_in, steps_of, written

__all__ = [
    "entered",
    "kept_text",
    "marked",
    "named_as_before",
    "new_row",
    "refuse_second",
    "stepped",
    "written_senders",
]

_NUMBER: Final = re.compile(r" \([0-9]+\)\Z")
_NOTHING: Final = "{}"


def new_row(
    customer: str, name: str, columns: Mapping[str, Any], senders: Sequence[str], *, by: str, now: datetime
) -> ServerRow:
    """Give the row of a server that has just been entered."""
    row = ServerRow(
        customer=customer,
        name=name,
        position=0,
        senders=written_senders(senders),
        state=ServerState.ENTERED,
        steps="[]",
        findings=_NOTHING,
        **columns,
    )
    return entered(row, by=by, now=now)


def marked(row: ServerRow, marks: Sequence[Fingerprint]) -> ServerRow:
    """Give a row with the fingerprint that the first secret key makes."""
    return replace(row, **marks[0]._asdict())


def refuse_second(known: ServerRow | None, customer: str) -> None:
    """Raise StoreError where a customer has an account already."""
    if known is None:
        return
    if known.definition is None:
        raise StoreError(
            f"{customer!r} has this account already: it stands in the settings, or comes from the Directory",
            advice="Change it there.",
        )
    raise StoreError(
        f"{customer!r} has this account already, as {known.name}",
        advice="Change that one: mailsend server set.",
    )


def entered(row: ServerRow, *, by: str, now: datetime) -> ServerRow:
    """Give a row at the beginning of its way: nothing that was found before counts any more."""
    step = ServerStep(state=ServerState.ENTERED, at=now.astimezone(UTC), by=by)
    return replace(row, state=step.state, steps=steps_of(step), findings=_NOTHING)


def stepped(row: ServerRow, step: ServerStep, findings: Mapping[str, Any] | None) -> ServerRow:
    """Give a row one step further; in a state that it was in already the last step is replaced."""
    before = () if step.state is ServerState.ENTERED else steps_in(row.steps)
    if before and before[-1].state is step.state:
        before = before[:-1]
    kept = _NOTHING if step.state is ServerState.ENTERED else row.findings
    return replace(
        row,
        state=step.state,
        steps=steps_of(*before, step),
        findings=kept if findings is None else written(dict(findings), "findings"),
    )


def named_as_before(server: Server, row: ServerRow) -> tuple[Server, str | None]:
    """Give a server that takes the place of a row, and the row's name where it stays the same.

    A label stays where no other one is given; a number that we put behind the name is no label.
    """
    label = json.loads(row.definition or "{}").get("label", "")
    if server.label == row.name and not label:
        server = replace(server, label="")
    elif label and not server.label:
        server = replace(server, label=label)
    same = server.name in (row.name, _NUMBER.sub("", row.name))
    return server, row.name if same else None


def written_senders(senders: Sequence[str]) -> str:
    """Give senders as JSON; raises StoreError for what is no list of texts."""
    if isinstance(senders, str) or not all(isinstance(one, str) for one in senders):
        raise StoreError("senders are a list of texts", advice='Write ["ann@example.com", "@example.org"].')
    return written(list(senders), "senders")


def kept_text(text: str, what: str) -> str:
    """Give text that every database keeps as it is; raises StoreError for other text, and for none."""
    if not text.strip() or "\x00" in text or any("\ud800" <= one <= "\udfff" for one in text):
        raise StoreError(f"{what} is missing, or holds what is no text", advice="Give it as plain text.")
    return text
