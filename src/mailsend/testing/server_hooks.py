"""What the scripted server answers beside the commands: EHLO's lines, the mail, and log-ins."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import MISSING, AuthResult, LoginPassword, Session

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer
    from mailsend.testing.server_session import ScriptedSession

__all__ = ["Hooks", "QuietSession"]

_CHALLENGE: Final = b"<1896.697170952@localhost>"
_SEPARATOR: Final = "\x01"
# What is said of a wrong token, and the one answer that is due to it (RFC 7628, section 3.2.3).
_REFUSED: Final = {
    "XOAUTH2": ({"status": "400", "schemes": "Bearer", "scope": "https://mail.google.com/"}, (b"",)),
    "OAUTHBEARER": ({"status": "invalid_token", "scope": "smtp"}, (b"\x01",)),
}
_FAILED: Final = AuthResult(success=False, handled=False, message="535 5.7.8 Authentication failed")


class Hooks:
    """What aiosmtpd asks beside the commands: the lines of EHLO, the mail, log-ins that it does not know."""

    def __init__(self, script: ScriptedServer) -> None:
        self._script = script

    async def handle_EHLO(
        self, server: ScriptedSession, session: Any, envelope: Any, hostname: str, lines: list[str]
    ) -> list[str]:
        """Give the lines of EHLO, as the script wants them, in one piece."""
        session.host_name = hostname
        stripped = self._script.strikes.stripped()
        extra = [one for one in self._script.extensions if _keyword(one) not in stripped]
        left_out = stripped | {"8BITMIME"} | {_keyword(one) for one in extra}
        if not self._script.wants_login:
            left_out.add("AUTH")
        first, *others = (one[4:] for one in lines)
        kept = [first, *extra, *(one for one in others if _keyword(one) not in left_out)]
        return [
            "\r\n".join(f"250{'-' if place < len(kept) else ' '}{one}" for place, one in enumerate(kept, 1))
        ]

    async def handle_RCPT(
        self, server: ScriptedSession, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take a recipient, in the words of the script."""
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return server.granted

    async def handle_DATA(self, server: ScriptedSession, session: Any, envelope: Any) -> str:
        """Answer the final dot, and write the mail down."""
        return await server.dot(envelope.original_content)

    async def auth_CRAM__MD5(self, server: ScriptedSession, args: list[str]) -> AuthResult:
        """Log in by challenge (RFC 2195), which aiosmtpd does not know."""
        answer = await server.challenge_auth(_CHALLENGE)
        if answer is MISSING:
            return AuthResult(success=False)
        user, _, proof = answer.decode().partition(" ")
        password = self._script.accounts.get(user)
        right = password is not None and hmac.compare_digest(
            proof, hmac.new(password.encode(), _CHALLENGE, "md5").hexdigest()
        )
        return AuthResult(success=right, handled=False, auth_data=LoginPassword(user.encode(), b""))

    async def auth_XOAUTH2(self, server: ScriptedSession, args: list[str]) -> AuthResult:
        """Log in by an access token, as Google and Microsoft have it."""
        return await self._bearer("XOAUTH2", server, args)

    async def auth_OAUTHBEARER(self, server: ScriptedSession, args: list[str]) -> AuthResult:
        """Log in by an access token (RFC 7628)."""
        return await self._bearer("OAUTHBEARER", server, args)

    async def _bearer(self, mechanism: str, server: ScriptedSession, args: list[str]) -> AuthResult:
        if len(args) == 1:
            answer = await server.challenge_auth("")
            if answer is MISSING:
                return AuthResult(success=False)
        else:
            try:
                answer = base64.b64decode(args[1], validate=True)
            except binascii.Error:
                return AuthResult(success=False, handled=False, message="501 5.5.2 Can't decode base64")
        user, token = _user_and_token(mechanism, answer.decode("utf-8", "replace"))
        known = self._script.tokens.get(user)
        if known is not None and hmac.compare_digest(known.encode(), token.encode()):
            return AuthResult(success=True, auth_data=LoginPassword(user.encode(), b""))
        said, due = _REFUSED[mechanism]
        answer = await server.challenge_auth(json.dumps(said))
        if answer is MISSING:
            return AuthResult(success=False)
        if answer not in due:
            return AuthResult(
                success=False, handled=False, message="501 5.5.2 The challenge was not answered"
            )
        return _FAILED


def _keyword(line: str) -> str:
    return line.split(maxsplit=1)[0]


def _user_and_token(mechanism: str, message: str) -> tuple[str, str]:
    """Take a message of XOAUTH2 or OAUTHBEARER apart."""
    parts = message.split(_SEPARATOR)
    token = next((one[12:] for one in parts if one.lower().startswith("auth=bearer ")), "")
    if mechanism == "XOAUTH2":
        return parts[0].removeprefix("user="), token
    names = [one[2:] for one in parts[0].split(",") if one.startswith("a=")]
    return "".join(names).replace("=2C", ",").replace("=3D", "="), token


class QuietSession(Session):
    """aiosmtpd's, without the field that logs a warning whenever it is set."""

    login_data: Any = None
