"""A mail that made the round trip, compared with what was sent (M9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from mailsend.compose.canonical import body_hash, split_mail
from mailsend.model.server import Server
from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep
from mailsend.transport.probe.report import Proposal
from mailsend.transport.probe.signatures import SIGNATURE_FIELD, look_at_signatures

if TYPE_CHECKING:
    from mailsend.model.submission import Submission

__all__ = ["compare"]

Fields = list[tuple[str, str]]

# Told one by one, since a trait or a decision hangs on each.
_SINGLE: Final = ("From", "Reply-To", "Message-ID", "Date")
_RESULTS: Final = "authentication-results"
# What every server on the way may write (RFC 5321, 4.4), and what is told elsewhere.
_TRACE: Final = frozenset(
    {"return-path", "received", "delivered-to", "x-original-to", "envelope-to", SIGNATURE_FIELD, _RESULTS}
)
_BLANKS: Final = re.compile(rb"[ \t]+")
_MOST: Final = 50  # names of fields
_MOST_RESULTS: Final = 5
_LONGEST: Final = 500  # characters of one value


def compare(
    submission: Submission, came: bytes, *, server: Server, records: Mapping[str, str]
) -> tuple[tuple[Finding, ...], tuple[Proposal, ...]]:
    """Give what was kept, changed and added on the way, and the traits that this speaks for (M8).

    ``came`` is the mail as the mailbox keeps it; ``records`` maps ``selector._domainkey.domain`` of
    each of our signatures to the record that publishes its key.
    """
    sent = submission.data
    came = came if b"\r\n" in came else came.replace(b"\n", b"\r\n")  # many mailboxes keep LF alone
    before, after = _fields(sent), _fields(came)
    reverse_path = str(submission.envelopes[0].reverse_path)
    findings = [
        _reverse_path(reverse_path, after),
        *_single_fields(before, after),
        *_other_fields(before, after),
        _body(sent, came),
        *look_at_signatures(came, after, records),
        *_results(after),
    ]
    return tuple(findings), tuple(_proposals(findings, server))


def _fields(data: bytes) -> Fields:
    """Give the header fields, unfolded, runs of blanks as one (RFC 6376, section 3.4.2)."""
    head = data.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    fields = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            text = _BLANKS.sub(b" ", value).strip().decode("utf-8", "replace")
            fields.append((name.strip().decode("ascii", "replace"), text))
    return fields


def _all(fields: Fields, name: str) -> list[str]:
    return [value for one, value in fields if one.lower() == name.lower()]


def _finding(code: ProbeCode, level: Level = Level.OK, **facts: Any) -> Finding:
    shown = {name: one[:_LONGEST] if isinstance(one, str) else one for name, one in facts.items()}
    return Finding(step=ProbeStep.ROUND_TRIP, level=level, code=code, facts=shown)


def _reverse_path(sent: str, after: Fields) -> Finding:
    said = _all(after, "Return-Path")
    if not said:
        return _finding(ProbeCode.REVERSE_PATH_UNTOLD, Level.WARNING)
    came = said[0].strip("<> ")
    if came.lower() == sent.lower():
        return _finding(ProbeCode.REVERSE_PATH_KEPT, value=sent)
    return _finding(ProbeCode.REVERSE_PATH_REPLACED, Level.WARNING, sent=sent, came=came)


def _single_fields(before: Fields, after: Fields) -> Iterator[Finding]:
    for name in _SINGLE:
        sent, came = _all(before, name), _all(after, name)
        if sent == came:
            if sent:
                yield _finding(ProbeCode.FIELD_KEPT, field=name, value=sent[0])
            continue
        facts = {"field": name, "sent": ", ".join(sent) or "–", "came": ", ".join(came) or "–"}
        if name == "From":
            yield _finding(ProbeCode.FROM_REPLACED, Level.FAILED, **facts)
        else:
            yield _finding(ProbeCode.FIELD_REPLACED, Level.WARNING, **facts)


def _other_fields(before: Fields, after: Fields) -> Iterator[Finding]:
    told = {*(one.lower() for one in _SINGLE), *_TRACE}
    names = {name.lower(): name for name, _ in reversed(before) if name.lower() not in told}
    removed = [name for key, name in names.items() if not _all(after, key)]
    changed = [
        name for key, name in names.items() if name not in removed and _all(after, key) != _all(before, key)
    ]
    new = {name.lower(): name for name, _ in reversed(after)}
    added = [name for key, name in new.items() if key not in told and key not in names]
    if changed:
        yield _finding(ProbeCode.FIELDS_CHANGED, Level.WARNING, fields=sorted(changed))
    if removed:
        yield _finding(ProbeCode.FIELDS_REMOVED, Level.WARNING, fields=sorted(removed))
    if added:
        yield _finding(ProbeCode.FIELDS_ADDED, fields=sorted(added)[:_MOST])


def _body(sent: bytes, came: bytes) -> Finding:
    before, after = _body_hash(sent), _body_hash(came)
    if before == after:
        return _finding(ProbeCode.BODY_KEPT, hash=before)
    return _finding(ProbeCode.BODY_CHANGED, Level.WARNING, hash=before, came=after)


def _body_hash(data: bytes) -> str:
    """Give the SHA-256 of the body in relaxed form, in hexadecimal digits."""
    return body_hash(data, split_mail(data)[1]).hex()


def _results(after: Fields) -> Iterator[Finding]:
    said = _all(after, _RESULTS)[:_MOST_RESULTS]
    if said:
        yield _finding(ProbeCode.AUTHENTICATION_RESULTS, results=[one[:_LONGEST] for one in said])


def _proposals(findings: list[Finding], server: Server) -> Iterator[Proposal]:
    found = {one.code: one for one in findings}
    replaced = [str(one.facts["field"]) for one in findings if one.code is ProbeCode.FIELD_REPLACED]
    others = (found.get(one) for one in (ProbeCode.FIELDS_CHANGED, ProbeCode.FIELDS_REMOVED))
    rewritten = [*replaced, *(name for one in others if one is not None for name in one.facts["fields"])]
    known = {"message-id", *(one.lower() for one in server.rewrites)}  # it has a trait of its own
    new = [name for name in rewritten if name.lower() not in known]
    if new:
        because = f"{', '.join(new)} came otherwise than sent"
        yield Proposal(trait="rewrites", value=[*server.rewrites, *new], because=because)
    if "Message-ID" in replaced and not server.own_message_id:
        yield Proposal(trait="own_message_id", value=True, because="Message-ID was replaced")
    path = found.get(ProbeCode.REVERSE_PATH_REPLACED)
    user = "" if server.credentials is None else server.credentials.user
    if path is not None and user and str(path.facts["came"]).lower() == user.lower():
        yield Proposal(trait="mail_from", value="login", because="the reverse-path became the account's")
    if ProbeCode.SIGNED_BY_SERVER in found and not server.signs:
        yield Proposal(trait="signs", value=True, because="the server added a signature")
