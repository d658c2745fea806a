"""The words of a verdict: the steps of an SMTP dialogue, the reasons, and the verdict itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailsend.model.report import Fault, Outcome

__all__ = ["Cause", "Reason", "Step", "Verdict"]


class Step(StrEnum):
    """Where in the dialogue something happened (RFC 5321, section 4.5.3.2)."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    DOT = "dot"


class Reason(StrEnum):
    """Why a recipient was accepted or not: a stable code, for people who write rules and alerts."""

    ACCEPTED = "accepted"

    NAME_MISSING = "name_missing"
    NAME_LOOKUP_FAILED = "name_lookup_failed"
    ADDRESS_FORBIDDEN = "address_forbidden"
    NOT_CONNECTED = "not_connected"
    CONNECTION_LOST = "connection_lost"
    DEADLINE = "deadline"
    CLOSED = "closed"
    TAKEN_OVER = "taken_over"
    CA_FILE_UNREADABLE = "ca_file_unreadable"
    CERTIFICATE_NOT_TRUSTED = "certificate_not_trusted"
    PIN_MISMATCH = "pin_mismatch"
    TLS_FAILED = "tls_failed"
    TLS_REFUSED = "tls_refused"
    TLS_NOT_OFFERED = "tls_not_offered"
    TLS_DEMANDED = "tls_demanded"
    REQUIRE_TLS_NOT_OFFERED = "require_tls_not_offered"
    SERVER_BUSY = "server_busy"
    SERVER_FAULT = "server_fault"
    SERVER_POLICY = "server_policy"
    RATE = "rate"
    OVER_LIMIT = "over_limit"
    RELAYING_DENIED = "relaying_denied"
    CLIENT_REFUSED = "client_refused"
    HELO_REFUSED = "helo_refused"
    BLOCK_LISTED = "block_listed"
    NETWORK = "network"
    SMTPUTF8_NOT_OFFERED = "smtputf8_not_offered"
    PROTOCOL = "protocol"
    SENSELESS_REPLY = "senseless_reply"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    NO_RECIPIENTS = "no_recipients"

    AUTH_REQUIRED = "auth_required"
    AUTH_FAILED = "auth_failed"
    AUTH_REFUSED = "auth_refused"
    AUTH_TEMPORARY = "auth_temporary"
    AUTH_PAUSED = "auth_paused"
    AUTH_NOT_OFFERED = "auth_not_offered"
    AUTH_METHOD_NOT_OFFERED = "auth_method_not_offered"
    AUTH_METHOD_UNFIT = "auth_method_unfit"
    AUTH_IN_CLEAR = "auth_in_clear"
    AUTH_SWITCHED_OFF = "auth_switched_off"
    AUTH_FORBIDDEN = "auth_forbidden"
    APPLICATION_PASSWORD_NEEDED = "application_password_needed"  # noqa: S105  a code, not a password
    TOKEN_NOT_GIVEN = "token_not_given"  # noqa: S105  a code, not a token
    TOKEN_DENIED = "token_denied"  # noqa: S105  a code, not a token
    TOKEN_REFUSED = "token_refused"  # noqa: S105  a code, not a token
    SENDING_MAILBOX_FULL = "sending_mailbox_full"
    ACCOUNT_DISABLED = "account_disabled"

    SENDER_NOT_ALLOWED = "sender_not_allowed"
    SENDER_REFUSED = "sender_refused"
    SENDER_AUTHENTICATION = "sender_authentication"

    TOO_BIG = "too_big"
    CONTENT_REFUSED = "content_refused"
    MESSAGE_FORMAT = "message_format"
    NEEDS_SMTPUTF8 = "needs_smtputf8"

    NO_SUCH_USER = "no_such_user"
    BAD_DOMAIN = "bad_domain"
    BAD_ADDRESS = "bad_address"
    MOVED = "moved"
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_FULL = "mailbox_full"
    GREYLISTED = "greylisted"
    RECIPIENT_POLICY = "recipient_policy"
    RECIPIENT_REFUSED = "recipient_refused"

    SILENCE_AFTER_DOT = "silence_after_dot"


@dataclass(frozen=True, slots=True)
class Cause:
    """What a reason means. ``lasting`` is ``None`` where the first digit of the reply says it.

    ``fault`` is ``None`` where nothing is wrong; ``for_now`` are the words in place of ``advice`` where it may mend by itself.
    """

    fault: Fault | None
    advice: str
    for_now: str = ""
    lasting: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one reply, or its absence, means.

    ``outcome`` is what becomes of the recipients concerned, ``fault`` whose fault it was.
    ``lasting``: it will not mend by itself. ``next_route``: another server may be tried.
    ``retry_now``: the same server may be tried again within seconds. ``too_many``: the rest goes in
    a next transaction, no attempt counted. ``slow_down``: sent too fast, no attempt counted.
    ``lone_dot``: the server waits for content that nobody is to get; end it with a lone dot.
    """

    outcome: Outcome
    fault: Fault | None
    reason: Reason
    advice: str = ""
    lasting: bool = False
    next_route: bool = False
    retry_now: bool = False
    too_many: bool = False
    slow_down: bool = False
    lone_dot: bool = False
