"""For each reason: whose fault it is, whether it lasts, and what to do about it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.verdict.causes_account import ACCOUNT_CAUSES
from mailsend.decide.verdict.terms import Cause, Reason
from mailsend.model.report import Fault

__all__ = ["CAUSES", "Cause"]


_SERVER, _SENDER = Fault.SERVER, Fault.SENDER
_MESSAGE, _RECIPIENT = Fault.MESSAGE, Fault.RECIPIENT

CAUSES: Final[Mapping[Reason, Cause]] = MappingProxyType(
    {
        Reason.NAME_MISSING: Cause(
            _SERVER,
            "The server's name does not exist or has no address: correct the host name.",
            lasting=True,
        ),
        Reason.NAME_LOOKUP_FAILED: Cause(
            _SERVER, "The name could not be looked up just now: check this machine's DNS.", lasting=False
        ),
        Reason.ADDRESS_FORBIDDEN: Cause(
            _SERVER,
            "The server's name leads into an internal network, and nothing was sent: use its public name,"
            " or have the application name the network in internal_servers.",
            lasting=True,
        ),
        Reason.NOT_CONNECTED: Cause(
            _SERVER,
            "No connection: check host, port and firewall, and whether the server runs.",
            lasting=False,
        ),
        Reason.CONNECTION_LOST: Cause(
            _SERVER, "The server fell silent or closed the connection: see its own log.", lasting=False
        ),
        Reason.DEADLINE: Cause(
            _SERVER, "The deadline passed before the mail was handed over: allow more time.", lasting=False
        ),
        Reason.CLOSED: Cause(
            _SERVER, "The mailer was closed before the mail was handed over: send it again.", lasting=False
        ),
        Reason.TAKEN_OVER: Cause(
            _SERVER,
            "Its lease had ended, and another worker has the mail now: nothing is to be done.",
            lasting=False,
        ),
        Reason.CA_FILE_UNREADABLE: Cause(
            _SERVER,
            "What ca or ca_file gives cannot be read or holds no certificate: it must be PEM.",
            lasting=True,
        ),
        Reason.CERTIFICATE_NOT_TRUSTED: Cause(
            _SERVER,
            "The certificate is expired, for another name, or from an unknown authority: mend it, use the"
            " name that it holds, or give ca_file.",
            lasting=False,
        ),
        Reason.PIN_MISMATCH: Cause(
            _SERVER,
            "The server has another public key than the pin says, and nothing was sent: was its certificate"
            " renewed, or does somebody stand in between? Have a person confirm the new pin.",
            lasting=False,
        ),
        Reason.TLS_FAILED: Cause(
            _SERVER,
            "TLS could not be agreed on: port 465 speaks it from the first byte (smtps://), 587 after"
            " STARTTLS (smtp://); version 1.2 or later is needed.",
            lasting=False,
        ),
        Reason.TLS_REFUSED: Cause(_SERVER, "The server refused STARTTLS: ask who runs it."),
        Reason.TLS_NOT_OFFERED: Cause(
            _SERVER,
            "The server does not offer STARTTLS, or somebody on the way strips it: nothing was sent.",
            lasting=False,
        ),
        Reason.TLS_DEMANDED: Cause(
            _SERVER, "The server takes nothing before STARTTLS: use smtp:// without tls=none.", lasting=True
        ),
        Reason.REQUIRE_TLS_NOT_OFFERED: Cause(
            _SERVER,
            "The mail asks for TLS all the way (RFC 8689) and this server does not promise it.",
            lasting=False,
        ),
        Reason.SERVER_BUSY: Cause(_SERVER, "The server is busy or shutting down: it is tried again."),
        Reason.SERVER_FAULT: Cause(_SERVER, "The server has a fault of its own: see its log."),
        Reason.SERVER_POLICY: Cause(
            _SERVER, "The server's policy refuses us: ask who runs it, with this reply."
        ),
        Reason.RATE: Cause(
            _SERVER, "Sent too fast for this server: lower max_per_minute or max_connections.", lasting=False
        ),
        Reason.OVER_LIMIT: Cause(
            None,
            "This server's own limit is reached, so nothing was offered to it: send it later, allow more time"
            " (deadline), or raise max_per_second, max_per_minute or max_per_day.",
            lasting=False,
        ),
        Reason.RELAYING_DENIED: Cause(
            _SERVER, "The server does not relay for us: log in, or have this machine's address allowed."
        ),
        Reason.CLIENT_REFUSED: Cause(
            _SERVER,
            "The server refuses this machine's address: check its reverse DNS and the server's lists.",
        ),
        Reason.HELO_REFUSED: Cause(
            _SERVER, "The server refuses our EHLO name: set local_hostname to a name that resolves to us."
        ),
        Reason.BLOCK_LISTED: Cause(
            _SERVER,
            "This machine's address stands on a block list: the reply names it; ask there for removal.",
        ),
        Reason.NETWORK: Cause(
            _SERVER, "The server cannot reach the recipient's network: it is tried later.", lasting=False
        ),
        Reason.PROTOCOL: Cause(
            _SERVER, "The server did not understand a command: something between us may change the dialogue."
        ),
        Reason.SENSELESS_REPLY: Cause(
            _SERVER, "The reply makes no sense at this step: is this an SMTP server?", lasting=False
        ),
        Reason.TOO_MANY_RECIPIENTS: Cause(
            _SERVER, "Too many recipients for one transaction: the rest goes in the next.", lasting=False
        ),
        Reason.NO_RECIPIENTS: Cause(
            _SERVER, "No recipient was accepted, so nothing was sent.", lasting=False
        ),
        **ACCOUNT_CAUSES,
        Reason.SENDER_NOT_ALLOWED: Cause(
            _SENDER,
            "This account may not send as this address: allow it there (Send As at Exchange), or use the"
            " account's address.",
        ),
        Reason.SENDER_REFUSED: Cause(
            _SENDER, "The server refuses the reverse-path: its domain must exist and take mail."
        ),
        Reason.SENDER_AUTHENTICATION: Cause(
            _SENDER, "Our SPF, DKIM or DMARC did not pass at the receiver: check the sender domain's records."
        ),
        Reason.SMTPUTF8_NOT_OFFERED: Cause(
            _SERVER,
            "The mail has letters beyond ASCII before an @, in its header or in its body, and this server"
            " does not carry them (RFC 6531, 6152): another route is tried.",
            lasting=False,
        ),
        Reason.TOO_BIG: Cause(
            _MESSAGE,
            "The mail is too big for this server: send a link or smaller files.",
            "The mail is too big for this server for now: try later, or send a link.",
        ),
        Reason.CONTENT_REFUSED: Cause(
            _MESSAGE,
            "The content was refused: the reply says by which rule; look at links and attachments.",
            "The content is not taken for now: try later; the reply says why.",
        ),
        Reason.MESSAGE_FORMAT: Cause(
            _MESSAGE,
            "The server cannot carry a part of this mail: see its reply.",
            "The server cannot carry a part of this mail for now: try later; its reply says why.",
        ),
        Reason.NEEDS_SMTPUTF8: Cause(
            _MESSAGE,
            "No server on the way carries letters beyond ASCII before the @ (RFC 6531): use an ASCII address.",
            lasting=True,
        ),
        Reason.NO_SUCH_USER: Cause(
            _RECIPIENT,
            "There is no such mailbox: ask the recipient for the address.",
            "The mailbox is not known for now: try later; where it stays so, ask for the address.",
        ),
        Reason.BAD_DOMAIN: Cause(
            _RECIPIENT,
            "The recipient's domain does not exist or takes no mail.",
            "The recipient's domain cannot be found for now: try later; where it stays so, check the address.",
        ),
        Reason.BAD_ADDRESS: Cause(
            _RECIPIENT,
            "The server does not take this form of address.",
            "The server does not take this form of address for now: try later.",
        ),
        Reason.MOVED: Cause(
            _RECIPIENT,
            "The recipient has moved: ask for the new address.",
            "The recipient is away for now: try later, or ask for the new address.",
        ),
        Reason.MAILBOX_DISABLED: Cause(
            _RECIPIENT,
            "The recipient's mailbox is disabled.",
            "The recipient's mailbox is disabled for now: try later.",
        ),
        Reason.MAILBOX_FULL: Cause(
            _RECIPIENT,
            "The recipient's mailbox is full.",
            "The recipient's mailbox is full for now: try later.",
        ),
        Reason.GREYLISTED: Cause(
            _RECIPIENT,
            "The server asks first-time senders to come back in some minutes: try later.",
            lasting=False,
        ),
        Reason.RECIPIENT_POLICY: Cause(
            _RECIPIENT,
            "The recipient's side does not take mail from this sender: ask the recipient to allow it.",
            "The recipient's side does not take mail from this sender for now: try later.",
        ),
        Reason.RECIPIENT_REFUSED: Cause(
            _RECIPIENT,
            "The server refused this recipient: its reply says why.",
            "The server does not take this recipient for now: try later; its reply says why.",
        ),
    }
)
