"""Logging in: one method, chosen beforehand, never in clear (RFC 4954, M12)."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from typing import Final
from urllib.parse import quote, quote_plus

from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome
from mailsend.model.server import AuthMethod, Server, TlsMode
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.stop import Stopped, stopped_by
from mailsend.transport.smtp.wire import Silent, Wire

__all__ = ["log_in"]

_PREFERENCE: Final = (AuthMethod.PLAIN, AuthMethod.LOGIN, AuthMethod.CRAM_MD5)
_CONTINUE: Final = 334
_ESCAPE: Final = re.compile("%[0-9A-F]{2}")


async def log_in(server: Server, wire: Wire, *, methods: str | None) -> None:
    """Log in with the one method that the settings name, else the first offered of PLAIN, LOGIN, CRAM-MD5.

    ``methods`` is what EHLO said behind AUTH, ``None`` where it said nothing. Raises Stopped.
    """
    credentials = server.credentials
    assert credentials is not None  # asked only where there are some
    if not wire.encrypted and not (server.tls is TlsMode.DANGEROUS_NONE and server.is_loopback):
        raise Stopped(conclude(Reason.AUTH_IN_CLEAR))
    method = _chosen(server.auth, methods)
    password = credentials.password.reveal()
    try:
        reply = await _dialogue(method, credentials.user, password, wire, seconds_for(Step.AUTH, server))
    except Silent as silence:
        raise stopped_by(silence, Step.AUTH) from None
    verdict = judge(Step.AUTH, reply, host=server.host)
    if verdict.outcome is not Outcome.ACCEPTED:
        raise Stopped(verdict, reply)


def _chosen(wanted: AuthMethod | None, methods: str | None) -> AuthMethod:
    if wanted in (AuthMethod.XOAUTH2, AuthMethod.OAUTHBEARER):
        raise Stopped(conclude(Reason.AUTH_METHOD_UNKNOWN))
    if methods is None:
        raise Stopped(conclude(Reason.AUTH_NOT_OFFERED))
    offered = methods.lower().split()
    for method in _PREFERENCE if wanted is None else (wanted,):
        if method in offered:
            return method
    raise Stopped(conclude(Reason.AUTH_METHOD_NOT_OFFERED))


async def _dialogue(method: AuthMethod, user: str, password: str, wire: Wire, seconds: float) -> Reply:
    """Hold the dialogue of ``method``; the answers stop where the server stops asking."""
    if method is not AuthMethod.CRAM_MD5:
        wire.hide(*_forms(user, password))
    match method:
        case AuthMethod.PLAIN:
            token = _encoded(f"\0{user}\0{password}")
            return await wire.command(f"AUTH PLAIN {token}", seconds, shown="AUTH PLAIN ***")
        case AuthMethod.LOGIN:
            reply = await wire.command("AUTH LOGIN", seconds)
            for answer in (user, password):
                if reply.code != _CONTINUE:
                    return reply
                reply = await wire.command(_encoded(answer), seconds, shown="***")
            return reply
        case _:
            reply = await wire.command("AUTH CRAM-MD5", seconds)
            if reply.code != _CONTINUE:
                return reply
            # Not before: a short password may stand in the challenge by chance.
            wire.hide(*_forms(user, password))
            answer = _cram_md5(user, password, reply.text)
            return await wire.command(answer, seconds, shown="***")


def _cram_md5(user: str, password: str, challenge: str) -> str:
    """Answer a challenge (RFC 2195); one that cannot be read is cancelled (RFC 4954, section 4)."""
    try:
        asked = base64.b64decode(challenge, validate=True)
    except (binascii.Error, ValueError):
        return "*"
    return _encoded(f"{user} {hmac.new(_octets(password), asked, 'md5').hexdigest()}")


def _forms(user: str, password: str) -> list[str]:
    """Give what a password may look like in a server's answer."""
    encoded = [_encoded(one) for one in (password, f"\0{password}", f"\0{user}\0{password}")]
    percent = quote(_octets(password), safe="")
    lower = _ESCAPE.sub(lambda found: found[0].lower(), percent)
    plus = quote_plus(_octets(password))
    return [password, percent, lower, plus, *encoded, *(one.rstrip("=") for one in encoded)]


def _encoded(text: str) -> str:
    return base64.b64encode(_octets(text)).decode("ascii")


def _octets(text: str) -> bytes:
    """Give UTF-8 in any case: an error of encoding would hold the secret."""
    return text.encode("utf-8", "surrogatepass")
