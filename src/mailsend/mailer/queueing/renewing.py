"""Stored mail that waited before its first attempt: Date and signatures made anew, and nothing else (M34)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from mailsend.mailer.clock import utc_now
from mailsend.mailer.gather import gather
from mailsend.prepare.renewal import Renewed, renewed
from mailsend.store.confirmed import seal_of, told_by
from mailsend.store.mails import cut
from mailsend.store.mails.written import as_json
from mailsend.store.times import MICROSECONDS, moment

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.model.consignment import Consignment
    from mailsend.model.rules import Rules, Scope
    from mailsend.store.queue import Claimed

__all__ = ["may_be_stale", "renew_stored"]

_STALE: Final = timedelta(hours=1)


def may_be_stale(claimed: Claimed, rules: Rules) -> bool:
    """Whether a mail has never been tried, and waited too long or was signed by other rules than today's."""
    row = claimed.row
    if row.attempts or any(one.attempts or one.resends or one.marked for one in claimed.recipients):
        return False
    return _is_late(row) or row.rules_version != rules.version


def renew_stored(
    core: Core, claimed: Claimed, consignment: Consignment, rules: Rules, scope: Scope
) -> Consignment | None:
    """Give the mail as it goes out now, and write its new bytes down; None where it is no longer ours.

    Where it is not late and each of its selectors still signs, it stays as it is.
    """
    row, store = claimed.row, core.store_door.open("the queue")
    mail = store.mail(row.id)
    if mail is None:
        return None
    signed = _signatures(mail.decisions)
    asked = store.asked(row.id, vault=core.content_vault)
    now = utc_now()
    circumstances = gather(
        asked,
        scope,
        rules,
        now=now,
        id=row.id,
        test_mode=core.test_mode.status(scope),
        also=(consignment.sender.mailbox.address.domain,),
    )
    active = {(one.domain, one.selector) for one in circumstances.signers}
    if not _is_late(row) and signed <= active:
        return consignment
    made = renewed(
        consignment.data,
        signatures=len(signed),
        date_stays=asked.original is not None and asked.original.date is not None,
        sender=consignment.sender,
        routes=consignment.routes,
        circumstances=circumstances,
    )
    seal = ""
    if consignment.confirmed:  # of the bytes that were let out; now it is that of the new ones
        new = {**told_by(row), "digest": made.digest}
        seal = seal_of(new, core.rules.application.secret_keys)
    if not _written(core, claimed, made, mail.decisions, rules, asked.attachments, seal=seal):
        return None
    return replace(consignment, data=made.data, digest=made.digest, prepared=now)


def _written(
    core: Core,
    claimed: Claimed,
    made: Renewed,
    decisions: Any,
    rules: Rules,
    attachments: Any,
    *,
    seal: str,
) -> bool:
    row, vault = claimed.row, core.content_vault
    records = [made.signatures.record() if one["step"] == "signatures" else one for one in decisions]
    kept: dict[str, Any] = {"data": made.data, "cuts": "[]"}
    if row.sealed:
        assert vault is not None  # it has just been opened
        kept["data"] = vault.seal_bytes(row.id, "data", made.data)
    elif attachments:
        kept["data"], kept["cuts"], _ = cut(made.data, attachments)
    columns = {
        "digest": made.digest,
        "size": len(made.data),
        "decisions": as_json(records),
        "rules_version": rules.version,
        "seal": seal,
    }
    writing = core.rounds.queue.renewed(
        row.id, row.fence, columns=columns, kept=kept, before=row.digest, now=utc_now()
    )
    return writing.result()


def _is_late(row: Any) -> bool:
    waits_since: int = max(row.prepared_at, row.send_at or 0)
    return moment(utc_now()) - waits_since > _STALE.total_seconds() * MICROSECONDS


def _signatures(decisions: Any) -> set[tuple[str, str]]:
    for one in decisions:
        if one["step"] == "signatures":
            return {(sign["domain"], sign["selector"]) for sign in one["facts"]["signatures"]}
    return set()
