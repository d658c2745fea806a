"""What MAIL and RCPT carry behind the address, as far as the server offers it (M23)."""

from __future__ import annotations

import re
from typing import Final

from mailsend.model.address import Address
from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.errand import Errand

__all__ = ["mail_parameters", "rcpt_parameters", "xtext"]


_PLAIN: Final = re.compile(r"[!-*,-<>-~]*\Z")  # what xtext leaves as it is


def mail_parameters(offer: Offer, errand: Errand) -> str:
    """Give SIZE (RFC 1870), SMTPUTF8 (6531), BODY (6152), REQUIRETLS (8689), RET and ENVID (3461), each with its space."""
    extensions, options = offer.extensions, errand.options
    parameters = []
    if "SIZE" in extensions:
        parameters.append(f"SIZE={len(errand.data)}")
    in_header, in_body = errand.eight_bits
    if "SMTPUTF8" in extensions and (in_header or errand.envelope.needs_smtputf8):
        parameters.append("SMTPUTF8")
    if "8BITMIME" in extensions and (in_header or in_body):
        parameters.append("BODY=8BITMIME")
    if options.require_tls:
        parameters.append("REQUIRETLS")
    if "DSN" in extensions and options.envelope_id:
        parameters += ["RET=HDRS", f"ENVID={xtext(options.envelope_id)}"]
    return "".join(f" {one}" for one in parameters)


def rcpt_parameters(offer: Offer, envelope: Envelope, recipient: Address) -> str:
    """Give NOTIFY and ORCPT (RFC 3461): failures and delays, none where nobody could be told."""
    if "DSN" not in offer.extensions:
        return ""
    notify = "NEVER" if envelope.reverse_path == NULL_REVERSE_PATH else "FAILURE,DELAY"
    original = "" if recipient.needs_smtputf8 else f" ORCPT=rfc822;{xtext(str(recipient))}"
    return f" NOTIFY={notify}{original}"


def xtext(text: str) -> str:
    """Write ``text`` so that it may stand in a parameter (RFC 3461, section 4)."""
    if _PLAIN.match(text):
        return text
    return "".join(
        one if "!" <= one <= "~" and one not in "+=" else "".join(f"+{octet:02X}" for octet in one.encode())
        for one in text
    )
