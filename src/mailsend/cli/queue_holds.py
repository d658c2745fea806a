"""Standing holds, made, lifted, and told wherever they count (M43)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mailsend.cli.asking_times import time_in
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.server_asking import person
from mailsend.mailer.clock import utc_now

if TYPE_CHECKING:
    from mailsend.mailer import Mailer
    from mailsend.model.standing_hold import StandingHold

__all__ = ["hold_document", "lift_hold", "stand", "tell_holds"]


def stand(
    output: Output,
    mailer: Mailer,
    which: Sequence[str] | None,
    *,
    until: str | None,
    reason: str | None,
    by: str | None,
) -> int:
    """Make a standing hold."""
    if not which:
        raise CommandFailed(
            Exit.USAGE, "no query is given", advice="Say what to hold, as in template:invoice."
        )
    if reason is None or not reason.strip():
        raise CommandFailed(Exit.USAGE, "no reason is given", advice="Say why: --reason TEXT.")
    ends = None if until is None else time_in(until, utc_now())
    made = mailer.outbox.stand(" ".join(which), until=ends, reason=reason, by=person(by))
    output.document(hold_document(made))
    output.marked(True, f"{made}")
    return Exit.OK


def lift_hold(output: Output, mailer: Mailer, id: int, *, reason: str | None, by: str | None) -> int:
    """End a standing hold."""
    if reason is None or not reason.strip():
        raise CommandFailed(Exit.USAGE, "no reason is given", advice="Say why: --reason TEXT.")
    mailer.outbox.lift(id, reason=reason, by=person(by))
    output.document({"lifted": id})
    output.marked(
        True, f"standing hold {id} is lifted; release what it held: queue release reason:standing_hold"
    )
    return Exit.OK


def tell_holds(output: Output, mailer: Mailer) -> list[dict[str, Any]]:
    """Tell which standing holds there are, and give them for JSON."""
    holds = mailer.outbox.standing()
    for one in holds:
        output.marked(None, str(one))
    return [hold_document(one) for one in holds]


def hold_document(one: StandingHold) -> dict[str, Any]:
    """Give a standing hold as JSON takes it."""
    return {
        "id": one.id,
        "query": str(one.query),
        "customer": one.customer,
        "reason": one.reason,
        "by": one.by,
        "at": one.at.isoformat(),
        "until": None if one.until is None else one.until.isoformat(),
    }
