"""One act on mails that were named, or that a query finds; told mail by mail where it cannot be done."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output, counted
from mailsend.cli.server_asking import person
from mailsend.cli.shell_quotes import tell_lost_quotes

if TYPE_CHECKING:
    from mailsend.mailer import Mailer
    from mailsend.model.outbox import Applied

__all__ = ["act_on"]

_ID: Final = re.compile(r"[0-9a-z]{26}\Z")
_SHOWN: Final = 20

# What was done, and what would be.
_DONE: Final = {
    "retry": ("due now", "be due now"),
    "force": ("due now", "be due now"),
    "hold": ("held", "be held"),
    "release": ("released", "be released"),
    "freeze": ("frozen", "be frozen"),
    "thaw": ("thawed", "be thawed"),
    "delete": ("cancelled", "be cancelled"),
}


def act_on(
    output: Output,
    mailer: Mailer,
    act: str,
    which: Sequence[str] | None,
    *,
    reason: str | None,
    by: str | None,
    dry_run: bool,
) -> int:
    """Do it, and say to how many; exit with 65 where nothing could be done to any that is named."""
    # An empty query finds everything: nobody means that by a variable of his shell that is not set.
    which = [one for one in which or () if one.strip()]
    if not which:
        raise CommandFailed(
            Exit.USAGE,
            "no mail is named",
            advice="Name ids or a query, as in customer:rat age:>2h; all that are queued: state:queued.",
        )
    if not (reason or "").strip() and not dry_run:
        raise CommandFailed(Exit.USAGE, "no reason is given", advice="Say why: --reason TEXT.")
    named = _are_ids(which)
    with output.changing_line(f"queue {act}") as change:
        applied: Applied = getattr(mailer.outbox, act)(
            tuple(which) if named else (),
            query=None if named else " ".join(which),
            reason=reason or "dry run",
            by=person(by),
            dry_run=dry_run,
            progress=lambda many: change(f"queue {act}: {many}"),
        )
    output.document(
        {
            "act": act,
            "dry_run": dry_run,
            "changed": list(applied.changed),
            "refused": dict(applied.refused),
        }
    )
    did, would = _DONE[act]
    many = counted(len(applied.changed), "mail")
    code = Exit.OK if applied.changed or (not named and not applied.refused) else Exit.DATA
    good = True if applied.changed else None if code is Exit.OK else False
    output.marked(good, f"{many} would {would}" if dry_run else f"{many} {did}")
    if not applied.changed and not applied.refused:
        tell_lost_quotes(output, which)
    for mail, why in [*applied.refused.items()][:_SHOWN]:
        output.marked(None, f"{mail}: {why}", indent=2)
    if len(applied.refused) > _SHOWN:
        output.line(f"  and {len(applied.refused) - _SHOWN} more")
    return code


def _are_ids(which: Sequence[str]) -> bool:
    """Say whether ids are named, not a query; raises CommandFailed where one among ids was mistyped."""
    others = [one for one in which if not _ID.match(one)]
    words = [one for one in others if one.isalnum() and one not in ("OR", "AND")]
    if words and len(others) < len(which):
        raise CommandFailed(
            Exit.USAGE,
            f"{words[0]} is no id of ours",
            advice="Name ids alone, or a query alone.",
        )
    return not others
