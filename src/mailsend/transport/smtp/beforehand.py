"""What can be known without asking: size, TLS all the way, letters beyond ASCII (M23)."""

from __future__ import annotations

from typing import Final

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.address import Address
from mailsend.model.reply import Reply
from mailsend.model.server import Server, TlsMode
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.errand import Errand

__all__ = ["refuse_beforehand"]

_DIGITS_OF_A_SIZE: Final = 20  # RFC 1870, section 3


def refuse_beforehand(errand: Errand, server: Server, offer: Offer) -> None:
    """Settle those of ``errand`` whom this connection cannot carry, before MAIL."""
    extensions, envelope = offer.extensions, errand.envelope
    verified = offer.encrypted and server.tls in (TlsMode.STARTTLS, TlsMode.IMPLICIT)
    if errand.options.require_tls and not (verified and "REQUIRETLS" in extensions):
        errand.settle_rest(conclude(Reason.REQUIRE_TLS_NOT_OFFERED), None)
    size = extensions.get("SIZE", "")
    if _is_size(size) and 0 < int(size) < len(errand.data):
        told = Reply(552, f"the server takes {size} octets", "5.3.4")
        errand.settle_rest(conclude(Reason.TOO_BIG, told), None)
    if "SMTPUTF8" not in extensions:
        in_header, in_body = errand.eight_bits
        sender = envelope.reverse_path
        if (
            in_header
            or (in_body and "8BITMIME" not in extensions)
            or (isinstance(sender, Address) and sender.needs_smtputf8)
        ):
            errand.settle_rest(conclude(Reason.SMTPUTF8_NOT_OFFERED), None)
        elif wide := [one for one in envelope.recipients if one.needs_smtputf8]:
            errand.settle(wide, conclude(Reason.SMTPUTF8_NOT_OFFERED), None)
    if errand.results:
        errand.waiting = [one for one in errand.waiting if one not in errand.results]


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS_OF_A_SIZE
