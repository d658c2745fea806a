"""Logging in: one method, chosen beforehand, never in clear (RFC 4954, M12)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.model.internal_network import is_loopback_address
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome
from mailsend.model.server import AuthMethod, Credentials, Server, TlsMode
from mailsend.model.tokens import AccessToken, TokenNotGiven
from mailsend.transport.smtp.sasl import (
    BEARER,
    READ_ERROR,
    cram_md5,
    encoded,
    error_told,
    first_answer,
    shapes,
)
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.stop import Stopped, stopped_by
from mailsend.transport.smtp.wire import Silent, Wire
from mailsend.transport.tokens import tokens_of

__all__ = ["log_in"]

_BY_PASSWORD: Final = (AuthMethod.PLAIN, AuthMethod.LOGIN, AuthMethod.CRAM_MD5)
_CONTINUE: Final = 334
_REFUSED: Final = 535
_LONGEST_LINE: Final = (
    512  # octets with CRLF; a longer first answer waits to be asked for (RFC 4954, section 4)
)
_PARTS_FIELDS: Final = "\x01"  # RFC 7628, section 3.1


async def log_in(server: Server, wire: Wire, *, methods: str | None) -> None:
    """Log in with the one method that the settings name, else the first offered of those that fit.

    For a password these are PLAIN, LOGIN and CRAM-MD5, for a token provider OAUTHBEARER and XOAUTH2.
    A refused token of a provider is renewed once and tried once more. ``methods`` is what EHLO said
    behind AUTH, ``None`` where it said nothing. Raises Stopped.
    """
    credentials = server.credentials
    assert credentials is not None  # asked only where there are some
    if not wire.encrypted and not _stays_here(server, wire):
        raise Stopped(conclude(Reason.AUTH_IN_CLEAR))
    login = _LogIn(server, credentials, wire, _chosen(server.auth, credentials, methods))
    try:
        if credentials.token_provider is None:
            reply = await login.dialogue(credentials.password.reveal())
        else:
            reply = await login.by_token()
    except Silent as silence:
        raise stopped_by(silence, Step.AUTH) from None
    verdict = judge(Step.AUTH, reply, by_token=login.method in BEARER, host=server.host)
    if verdict.outcome is not Outcome.ACCEPTED:
        raise Stopped(verdict, reply)


def _stays_here(server: Server, wire: Wire) -> bool:
    """Whether clear text was asked for and stays on this machine; a name does not prove where we are."""
    asked = server.tls is TlsMode.DANGEROUS_NONE and server.is_loopback
    return asked and is_loopback_address(wire.peer())


def _chosen(wanted: AuthMethod | None, credentials: Credentials, methods: str | None) -> AuthMethod:
    fitting = _BY_PASSWORD if credentials.token_provider is None else BEARER
    if wanted in _BY_PASSWORD and wanted not in fitting:
        raise Stopped(conclude(Reason.AUTH_METHOD_UNFIT))
    if methods is None:
        raise Stopped(conclude(Reason.AUTH_NOT_OFFERED))
    offered = methods.lower().split()
    method = next((one for one in (fitting if wanted is None else (wanted,)) if one in offered), None)
    if method is None:
        raise Stopped(conclude(Reason.AUTH_METHOD_NOT_OFFERED))
    if method in BEARER and _PARTS_FIELDS in credentials.user + credentials.password.reveal():
        raise Stopped(conclude(Reason.AUTH_METHOD_UNFIT))
    return method


class _LogIn:
    """One log-in on one connection."""

    def __init__(self, server: Server, credentials: Credentials, wire: Wire, method: AuthMethod) -> None:
        self.method = method
        self._server = server
        self._user = credentials.user
        self._provider = credentials.token_provider
        self._wire = wire
        self._seconds = seconds_for(Step.AUTH, server)

    async def by_token(self) -> Reply:
        """Log in with the provider's token, and once more with another where the first is refused."""
        assert self._provider is not None
        tokens = tokens_of(self._provider)
        token: AccessToken | None
        try:
            token = await tokens.get(seconds=self._wire.limit(self._seconds))
            reply = await self.dialogue(token.value.reveal())
            if reply.code == _REFUSED:
                token = await tokens.get_instead(token, seconds=self._wire.limit(self._seconds))
                if token is None:
                    return reply
                self._wire.note("C", "(the token was refused: once more, with another)")
                reply = await self.dialogue(token.value.reveal())
                if reply.code == _REFUSED:
                    tokens.refused(token)
        except TokenNotGiven as missing:
            raise self._stopped(missing) from None
        if judge(Step.AUTH, reply).outcome is Outcome.ACCEPTED:
            tokens.proved()
        return reply

    def _stopped(self, missing: TokenNotGiven) -> Stopped:
        self._wire.note("C", f"(no access token: {missing.why})")
        if not missing.lasting and self._wire.silent("").deadline:
            return Stopped(conclude(Reason.DEADLINE))
        verdict = conclude(Reason.TOKEN_DENIED if missing.lasting else Reason.TOKEN_NOT_GIVEN)
        return Stopped(replace(verdict, advice=missing.advice or verdict.advice))

    async def dialogue(self, secret: str) -> Reply:
        """Hold the dialogue of the method; the answers stop where the server stops asking."""
        answer = first_answer(self.method, self._server, self._user, secret)
        hidden = shapes(self._user, secret, answer)
        if self.method is not AuthMethod.CRAM_MD5:
            self._wire.hide(*hidden)
        if answer is not None:
            reply = await self._first(answer)
            if reply.code == _CONTINUE and self.method in BEARER:
                return await self._read_error(reply, hidden)
            return reply
        reply = await self._say(f"AUTH {self.method.upper()}")
        if self.method is AuthMethod.LOGIN:
            for one in (self._user, secret):
                if reply.code != _CONTINUE:
                    return reply
                reply = await self._say(encoded(one), shown="***")
            return reply
        if reply.code != _CONTINUE:
            return reply
        # Not before: a short password may stand in the challenge by chance.
        self._wire.hide(*hidden)
        return await self._say(cram_md5(self._user, secret, reply.text), shown="***")

    async def _first(self, answer: str) -> Reply:
        """Say the method and the first answer, in one line where it is not too long."""
        command = f"AUTH {self.method.upper()}"
        if len(command) + 1 + len(answer) + 2 <= _LONGEST_LINE:
            return await self._say(f"{command} {answer}", shown=f"{command} ***")
        reply = await self._say(command)
        return reply if reply.code != _CONTINUE else await self._say(answer, shown="***")

    async def _read_error(self, reply: Reply, hidden: list[str]) -> Reply:
        """Answer the error that stands in a 334, and read the reply that is behind it."""
        told = error_told(reply.text, hidden)
        if told:
            self._wire.note("S", f"({told})")
        answer = READ_ERROR[self.method]
        return await self._say(answer, shown=answer or "(an empty line)")

    async def _say(self, line: str, *, shown: str | None = None) -> Reply:
        return await self._wire.command(line, self._seconds, shown=shown)
