"""A delivery status notice as content: words, fields for programs, header fields (RFC 3464, RFC 6522)."""

from __future__ import annotations

import re

from mailsend.compose.bodies import encode_octets, encode_text
from mailsend.compose.entity import Entity, boundary_digest, multipart
from mailsend.compose.headers import date, structured
from mailsend.model.address import Address
from mailsend.model.given_up import OPEN, GivenUp, GivenUpRecipient
from mailsend.model.lines import crlf, is_seven_bit
from mailsend.model.original import Original
from mailsend.model.report import Outcome

__all__ = ["delivery_report", "diagnostic", "status_of"]

_LONGEST = 800  # characters of a server's text that are repeated
_UNWRITABLE = re.compile(r"[^!-~]+")
_TIME_WAS_OUT = "4.4.7"  # RFC 3463, 3.5: delivery time expired
_XTEXT_KEPT = re.compile(r"[^!-*,-<>-\[\]-~]")
_TYPE = "Content-Type"


def delivery_report(mail: GivenUp, words: str, *, reporting: str, seed: str) -> Original:
    """Give the three parts of a notice: ``words`` for people, the status, the mail's header fields.

    ``reporting`` is the domain that reports, in A-labels; boundaries are made from ``seed``. Nothing of
    the mail's content is in it.
    """
    text = _words(words)
    status = Entity(
        f"{_TYPE}: message/delivery-status\r\nContent-Transfer-Encoding: 7bit\r\n".encode(),
        (_status(mail, reporting),),
        plain=True,
    )
    parts = (text, status, _header(mail.header))
    whole = multipart("report", f"=_dsn_{boundary_digest(seed, parts)}", parts)
    boundary = whole.fields.partition(b"boundary=")[2].partition(b"\r\n")[0].decode()
    return Original(
        content_fields=((_TYPE, f"multipart/report; report-type=delivery-status; boundary={boundary}"),),
        body=b"".join(whole.body),
        text=words,
    )


def status_of(recipient: GivenUpRecipient) -> str:
    """Give the enhanced status code of a recipient's last word (RFC 3463)."""
    reply = recipient.reply
    if reply is not None and reply.enhanced is not None and not reply.enhanced.startswith("2"):
        return reply.enhanced
    if recipient.outcome is Outcome.EXPIRED:
        return _TIME_WAS_OUT
    if recipient.outcome in OPEN:
        return "4.0.0"
    return f"{reply.code // 100}.0.0" if reply is not None and reply.code // 100 in (4, 5) else "5.0.0"


def diagnostic(recipient: GivenUpRecipient) -> str:
    """Give what the server said, in one line of ASCII; empty where it said nothing."""
    reply = recipient.reply
    if reply is None or not reply.code:
        return ""
    said = _UNWRITABLE.sub(" ", f"{reply.code} {reply.enhanced or ''} {reply.text}")
    return " ".join(said.split())[:_LONGEST].rstrip()


def _words(words: str) -> Entity:
    encoding, octets = encode_text("text", words)
    fields = f"{_TYPE}: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return Entity(fields.encode(), (octets,), plain=encoding == "7bit")


def _status(mail: GivenUp, reporting: str) -> bytes:
    fields = [
        structured("Reporting-MTA", f"dns; {reporting}"),
        structured("Original-Envelope-Id", mail.id),
        date("Arrival-Date", mail.arrived),
    ]
    for one in mail.recipients:
        if one.failed or one.outcome in OPEN:
            fields.append("\r\n")
            fields += _of(one, mail)
    return "".join(fields).encode()


def _of(one: GivenUpRecipient, mail: GivenUp) -> list[str]:
    named = _named(one.address)
    fields = [
        structured("Original-Recipient", named),
        structured("Final-Recipient", named),
        f"Action: {'failed' if one.failed else 'delayed'}\r\n",
        structured("Status", status_of(one)),
    ]
    if one.server:
        host = one.server.rpartition(":")[0] or one.server
        fields.append(structured("Remote-MTA", f"dns; {_UNWRITABLE.sub('?', host)}"))
    if said := diagnostic(one):
        fields.append(structured("Diagnostic-Code", f"smtp; {said}"))
    last = one.tried or mail.tried
    if last is not None:
        fields.append(date("Last-Attempt-Date", last))
    if not one.failed and mail.tried_until is not None:
        fields.append(date("Will-Retry-Until", mail.tried_until))
    return fields


def _named(address: Address) -> str:
    """Give an address with its type; letters beyond ASCII are written out (RFC 6533, section 3)."""
    if not address.needs_smtputf8:
        return f"rfc822; {address}"
    local, at, domain = str(address).rpartition("@")
    written = _XTEXT_KEPT.sub(lambda found: f"\\x{{{ord(found.group()):X}}}", local)
    return f"utf-8; {written}{at}{domain}"


def _header(header: bytes) -> Entity:
    """Give the mail's header fields as a part of their own (RFC 6522, section 4)."""
    octets = crlf(header)
    if is_seven_bit(octets):
        return Entity(
            f"{_TYPE}: text/rfc822-headers\r\nContent-Transfer-Encoding: 7bit\r\n".encode(),
            (octets,),
            plain=True,
        )
    encoding, octets = encode_octets(octets)
    fields = f"{_TYPE}: text/rfc822-headers; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return Entity(fields.encode(), (octets,))
