"""What the scripted server answers beside the commands: EHLO's lines, the mail, a log-in by challenge."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import AuthResult, LoginPassword, Session

from mailsend.testing.faults import Place

if TYPE_CHECKING:
    from mailsend.testing.server import ScriptedServer
    from mailsend.testing.server_session import ScriptedSession

__all__ = ["Hooks", "QuietSession"]

_CHALLENGE: Final = b"<1896.697170952@localhost>"


class Hooks:
    """What aiosmtpd asks beside the commands: the lines of EHLO, the mail, a log-in by challenge."""

    def __init__(self, script: ScriptedServer) -> None:
        self._script = script

    async def handle_EHLO(
        self, server: ScriptedSession, session: Any, envelope: Any, hostname: str, lines: list[str]
    ) -> list[str]:
        """Give the lines of EHLO, as the script wants them."""
        session.host_name = hostname
        left_out = {"8BITMIME"} - set(self._script.extensions)
        if not self._script.accounts:
            left_out.add("AUTH")
        left_out |= self._script.stripped()
        kept = [one[4:] for one in lines if one[4:].split()[0] not in left_out]
        kept[1:1] = [one for one in self._script.extensions if one not in left_out and one != "8BITMIME"]
        return [f"250{'-' if place < len(kept) else ' '}{one}" for place, one in enumerate(kept, 1)]

    async def handle_DATA(self, server: ScriptedSession, session: Any, envelope: Any) -> str:
        """Answer the final dot, and write the mail down."""
        if await server.struck(Place.DOT):
            server.swallow = True
            return "250 OK"
        place = server.take(envelope.original_content)
        server.swallow = await server.struck(Place.TAKEN)
        return f"250 2.0.0 OK: queued as {place}"

    async def auth_CRAM__MD5(self, server: ScriptedSession, args: list[str]) -> AuthResult:
        """Log in by challenge (RFC 2195), which aiosmtpd does not know."""
        answer = await server.challenge_auth(_CHALLENGE)
        user, _, proof = answer.decode().partition(" ") if isinstance(answer, bytes) else ("", "", "")
        password = self._script.accounts.get(user)
        right = password is not None and hmac.compare_digest(
            proof, hmac.new(password.encode(), _CHALLENGE, "md5").hexdigest()
        )
        return AuthResult(
            success=right, handled=not isinstance(answer, bytes), auth_data=LoginPassword(user.encode(), b"")
        )


class QuietSession(Session):
    """aiosmtpd's, without the field that logs a warning whenever it is set."""

    login_data: Any = None
