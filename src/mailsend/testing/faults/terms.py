"""The words of a fault: where it strikes, what the server does, and the fault itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Act", "Place", "ScriptedFault", "fault"]

_TAKEN: Final = re.compile(r"(?:25[012]-[^\n]*\n)*25[012](?: [^\n]*)?(?:\n|\Z)")


class Place(StrEnum):
    """Where in the dialogue a fault strikes: at the server's answer to this."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    CHALLENGE = "challenge"  # what the client answers to a 334
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"  # the first of its octets
    DOT = "dot"
    TAKEN = "taken"  # the final dot, when the mail is taken already
    RSET = "rset"
    QUIT = "quit"
    GROUP = "group"  # a command, or a final dot, with others behind it in one piece (RFC 2920)
    AHEAD = "ahead"  # a command that came before its predecessor was answered


class Act(StrEnum):
    """What the server does there."""

    REPLY = "reply"
    REPLY_AND_CLOSE = "reply and close"
    REPLY_AND_STOP = "reply and fall silent"
    DROP = "drop"
    SILENCE = "silence"
    DRIP = "drip"
    ENDLESS = "endless"
    FLOOD = "flood"
    CLOSE = "close"
    ADD = "add"
    ADD_AND_CLOSE = "add and close"
    ADD_LATER = "add later and close"
    CUT = "cut"
    SPLIT = "split"
    REWORD = "reword"
    FORGET = "forget"
    CONTENT_ANYWAY = "content anyway"
    STRIP = "strip"

    @property
    def is_behind(self) -> bool:
        """Whether the server's own answer goes out as well, whole or in part."""
        return self in _BEHIND


_BEHIND: Final = frozenset(
    {Act.CLOSE, Act.ADD, Act.ADD_AND_CLOSE, Act.ADD_LATER, Act.CUT, Act.SPLIT, Act.REWORD, Act.FORGET}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedFault:
    """One way to misbehave.

    In place of the server's own answer: REPLY sends ``reply`` as it stands, with CRLF added unless it ends
    with a LF, REPLY_AND_CLOSE closes behind it, REPLY_AND_STOP neither reads nor says more, DROP closes
    without a word, SILENCE neither reads nor says any more, DRIP sends ``reply`` again and again, an octet at a time, ENDLESS
    as fast as it is read, FLOOD the same without line ends. CONTENT_ANYWAY
    reads content though no recipient was taken, and answers its end with ``reply``.
    Beside it: CLOSE closes behind the answer, ADD sends ``reply`` in one piece with it, ADD_AND_CLOSE
    closes as well, ADD_LATER says ``reply`` unasked a moment later and closes, CUT sends half of the
    answer and closes, SPLIT sends it whole, an octet at a time, REWORD sends ``reply`` with the answer for
    its ``{}``, FORGET throws away what came with the command. For STRIP ``reply`` names the extension that EHLO leaves out.
    ``times`` is how often it strikes, ``None`` always. It strikes only behind the first ``after``
    occasions of the connection (at RCPT of the transaction), and only at every ``every``-th.
    """

    name: str
    at: Place
    does: Act
    reply: str = ""
    times: int | None = None
    after: int = 0
    every: int = 1

    @property
    def octets(self) -> bytes:
        """The reply on the wire; a lone surrogate stands for an octet that is no UTF-8."""
        return self._ended(self.reply)

    def reworded(self, answer: bytes) -> bytes:
        """The server's own answer, which ends with CRLF, in the words of ``reply``."""
        own = answer.removesuffix(b"\r\n").decode("utf-8", "surrogateescape")
        return self._ended(self.reply.replace("{}", own))

    @staticmethod
    def _ended(text: str) -> bytes:
        whole = text if text.endswith("\n") else f"{text}\r\n"
        return whole.encode("utf-8", "surrogateescape")

    @property
    def takes(self) -> bool:
        """Whether the reply, given to a final dot, takes the mail (RFC 5321, section 4.2.5)."""
        replies = (Act.REPLY, Act.REPLY_AND_CLOSE, Act.REPLY_AND_STOP)
        return (
            self.does in replies and _TAKEN.match(self.reply.replace("\r\n", "\n").lstrip("\n")) is not None
        )


def fault(
    name: str, at: Place, does: Act, reply: str = "", *, after: int = 0, every: int = 1
) -> ScriptedFault:
    """Write a fault in one line of a table."""
    return ScriptedFault(name=name, at=at, does=does, reply=reply, after=after, every=every)
