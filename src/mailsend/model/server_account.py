"""The account in a server URL, and beside it: user, password, or where access tokens come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address
from mailsend.model.reading import Place
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials
from mailsend.model.tokens import GoogleServiceAccount, TokenSource

__all__ = ["BEARER", "account"]

BEARER: Final = frozenset({AuthMethod.XOAUTH2, AuthMethod.OAUTHBEARER})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")  # they part the fields of RFC 7628, section 3.1


def account(user: str, password: str, options: dict[str, Any], place: Place) -> Credentials | None:
    """Give the account; what belongs to it is taken out of ``options``, but for ``auth``."""
    name: str = options.pop("user", user)
    secret: Secret = options.pop("password", Secret(password))
    source: TokenSource | None = options.pop("token", None)
    if source is None:
        if bool(name) != bool(secret):
            place.refuse(
                "user and password belong together, and one of them is missing", "Give both, or none."
            )
        if not name and "auth" in options:
            place.refuse("auth is given, but no user and password", "Give an account, or leave auth out.")
    else:
        _check_token(name, secret, options, place)
    if _CONTROL.search(name) and (source is not None or options.get("auth") in BEARER):
        place.refuse("a control character stands in user", "Give the account's address as user.")
    if options.get("mail_from") == "login" and not _is_address(name):
        place.refuse(
            "mail_from=login needs a user that is an address",
            "Leave mail_from out, or give the account's address as user.",
        )
    if not name:
        return None
    if source is None:
        return Credentials(user=name, password=secret)
    if isinstance(source, GoogleServiceAccount) and not source.subject:
        source = replace(source, subject=name)
    return Credentials(user=name, token_provider=source)


def _check_token(name: str, secret: Secret, options: Mapping[str, Any], place: Place) -> None:
    if not name:
        place.refuse(
            "token is given, but no user", "Give the address of the mailbox that it logs in to as user."
        )
    if secret:
        place.refuse("password and token are both given", "Give one of them.")
    method = options.get("auth")
    if method is not None and method not in BEARER:
        place.refuse(
            f"auth={method} takes a password, and token gives access tokens",
            "Leave auth out, or write xoauth2 or oauthbearer.",
        )


def _is_address(text: str) -> bool:
    try:
        Address.parse(text)
    except InvalidAddress:
        return False
    return True
