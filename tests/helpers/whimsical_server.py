"""A server that answers as dice fall, and keeps a record of what it really took.

It may refuse, close, fall silent, say a thing twice, talk nonsense, or speak before its turn. What it never
does is to leave one reply out and go on: whoever sends ahead then takes each answer for that to the command
before, and with mails ahead the acceptance of one for that of another. That is in the nature of RFC 2920,
and servers that do so are not told from sound ones by anybody.
"""

from __future__ import annotations

import re

COMMAND = re.compile(
    rb"MAIL FROM:<(?P<sender>\w+)@suite\.example>|RCPT TO:<(?P<recipient>\w+@\w+\.example)>|DATA|RSET|NOOP"
)
AFTER_ITS_TURN = ("", "", "", "", "", "", "twice", "twice", "close", "silent")
REPLIES = {
    "MAIL": ["250 Ok"] * 8
    + ["550 5.1.8 No", "451 4.3.0 No", "503 5.5.1 No", "554 5.5.1 No", "530 No", "220 What?"],
    "RCPT": ["250 Ok"] * 8
    + ["550 5.1.1 No", "450 4.2.1 No", "452 Too many", "503 5.5.1 No", "554 5.7.1 No", "251 Ok", "220 What?"],
    # Nowhere else 354: beside a reply that is said twice it could stand where that to DATA is due.
    "DATA": ["354 Go"] * 9 + ["451 4.3.0 No", "554 5.5.1 No", "503 5.5.1 No", "250 Ok"],
    "DOT": ["250 Ok"] * 7 + ["451 4.3.0 No", "554 5.7.1 Spam", "552 No", "220 What?"],
    "OTHER": ["250 Ok"] * 7 + ["502 5.5.1 No", "250-Ok\r\n250 Ok"],
}


class WhimsicalServer:
    """One session. ``took`` holds (sender, recipient, content), and ``says`` what is not heard yet."""

    def __init__(self, roll):
        self._roll = roll
        self.took = set()
        self.says = b""
        self.closed = False
        self.silent = False
        self.in_content = False
        self._line = b""
        self._forget()

    def _forget(self):
        self.sender = None
        self.recipients = []

    def reads(self, octets, content):
        """Take in octets; ``content`` says whether the other side meant them as such."""
        assert octets.endswith(b"\r\n"), "a piece ends where a line ends"
        if self.closed:
            return
        if self.in_content:
            if content:
                self._take(octets)
            elif octets.startswith(b".\r\n"):
                assert not self.recipients, "an empty mail to somebody who was taken"
                self.in_content = False
                self._say("OTHER")
                self._forget()
                self.reads(octets[3:], content) if octets[3:] else None
            return  # commands that stand in content are never ended by a dot
        assert not content, "content before its 354"
        for line in octets.removesuffix(b"\r\n").split(b"\r\n"):
            self._command(line)
            if self.in_content:
                rest = octets.partition(b"DATA\r\n")[2]
                assert not rest, "DATA is the last of its group"

    def _command(self, line):
        found = COMMAND.fullmatch(line)
        assert found, line
        if self.closed:
            return
        name = line[:4].decode()
        if name == "MAIL":
            if self._say("MAIL") == 250:
                self.sender, self.recipients = found["sender"].decode(), []
        elif name == "RCPT":
            if self._say("RCPT") in (250, 251) and self.sender is not None:
                self.recipients.append(found["recipient"].decode())
        elif name == "DATA":
            self.in_content = self._say("DATA") == 354
        else:
            if name == "RSET":
                self._forget()
            self._say("OTHER")

    def _take(self, octets):
        self.in_content = False
        mail = [(self.sender, one, octets) for one in self.recipients]
        if self._say("DOT") == 250:
            self.took.update(mail)
        self._forget()

    def interrupts(self):
        """Say something while the other side writes its content."""
        self._say("DOT")

    def _say(self, kind):
        """Answer; give the code that was meant, whether it was said or not."""
        if self.silent:
            return 0
        reply = REPLIES[kind][self._roll(len(REPLIES[kind]))]
        whim = AFTER_ITS_TURN[self._roll(len(AFTER_ITS_TURN))] if self._roll(4) == 3 else ""
        if self._roll(16) == 15:
            reply, whim = "421 4.3.2 Bye", "close"
        elif self._roll(24) == 23:
            reply, whim = ("nonsense", "oops"), "close"
            reply = reply[self._roll(2)]
        if whim == "silent":
            self.silent = True
            return int(reply[:3]) if self._roll(2) else 0
        if whim != "close" or self._roll(2):
            self.says += f"{reply}\r\n".encode() * (2 if whim == "twice" else 1)
        self.closed = self.closed or whim == "close"
        return int(reply[:3]) if reply[:3].isdigit() else 0
