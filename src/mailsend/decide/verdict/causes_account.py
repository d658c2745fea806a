"""The reasons that are the account's fault: log-in, and the mailbox that we send from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.verdict.terms import Cause, Reason
from mailsend.model.report import Fault

__all__ = ["ACCOUNT_CAUSES"]

_ACCOUNT: Final = Fault.ACCOUNT

ACCOUNT_CAUSES: Final[Mapping[Reason, Cause]] = MappingProxyType(
    {
        Reason.AUTH_REQUIRED: Cause(
            _ACCOUNT, "The server wants a log-in: give user and password in the server URL or by secrets."
        ),
        Reason.AUTH_FAILED: Cause(
            _ACCOUNT, "User or password is wrong: correct it; no log-in is tried for a while.", lasting=True
        ),
        Reason.AUTH_REFUSED: Cause(
            _ACCOUNT, "The server refused this way of logging in: set auth= to one that it offers."
        ),
        Reason.AUTH_TEMPORARY: Cause(
            _ACCOUNT, "The server cannot check log-ins just now: it is tried again.", lasting=False
        ),
        Reason.AUTH_PAUSED: Cause(
            _ACCOUNT,
            "The last log-in failed and another so soon could lock the account: correct user or password.",
            lasting=True,
        ),
        Reason.AUTH_NOT_OFFERED: Cause(
            _ACCOUNT,
            "The server offers no log-in here, so nothing was sent: use its submission port (587 or 465),"
            " or leave user and password away.",
            lasting=True,
        ),
        Reason.AUTH_METHOD_NOT_OFFERED: Cause(
            _ACCOUNT,
            "The server does not offer this way of logging in: set auth= to one it offers.",
            lasting=True,
        ),
        Reason.AUTH_METHOD_UNFIT: Cause(
            _ACCOUNT,
            "This way of logging in does not fit the account: xoauth2 and oauthbearer take an access token,"
            " the others a password.",
            lasting=True,
        ),
        Reason.AUTH_IN_CLEAR: Cause(
            _ACCOUNT,
            "The connection is not encrypted, so user and password were not sent: use smtp:// or smtps://.",
            lasting=True,
        ),
        Reason.AUTH_SWITCHED_OFF: Cause(
            _ACCOUNT,
            "This log-in is switched off for the account: log in by OAuth2 where it was a password, have an"
            " administrator allow authenticated SMTP, or use a relay that accepts this machine.",
            lasting=True,
        ),
        Reason.AUTH_FORBIDDEN: Cause(
            _ACCOUNT,
            "The account's organisation forbids this log-in (security defaults, conditional access, a check in"
            " the browser): have an administrator allow it, or log in by OAuth2.",
            lasting=True,
        ),
        Reason.APPLICATION_PASSWORD_NEEDED: Cause(
            _ACCOUNT,
            "The server takes no ordinary password: make a password for applications and copy it whole, or"
            " log in by OAuth2.",
            lasting=True,
        ),
        Reason.TOKEN_NOT_GIVEN: Cause(
            _ACCOUNT, "No access token could be had just now: it is tried again.", lasting=False
        ),
        Reason.TOKEN_DENIED: Cause(
            _ACCOUNT,
            "The identity provider gives no access token to this application: check its id, secret and"
            " permissions there.",
            lasting=True,
        ),
        Reason.TOKEN_REFUSED: Cause(
            _ACCOUNT,
            "The server refused the access token: the application must be allowed to send (SMTP.SendAsApp and"
            " access to this mailbox at Microsoft 365, domain-wide delegation of https://mail.google.com/ at"
            " Google), and user must be that mailbox.",
            lasting=True,
        ),
        Reason.SENDING_MAILBOX_FULL: Cause(
            _ACCOUNT, "The mailbox that we send from is full: make room in it."
        ),
        Reason.ACCOUNT_DISABLED: Cause(
            _ACCOUNT, "The account that we send from is disabled: ask who runs it."
        ),
    }
)
