"""A dialogue without a network: replies go in as text, octets come out."""

from __future__ import annotations

from collections import deque

from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.server import Pipelining, Server
from mailsend.model.server_limits import OfferedLimits
from mailsend.transport.base import NO_OPTIONS
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.content import blocks
from mailsend.transport.smtp.dialogue import Dialogue
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.linking import Room
from mailsend.transport.smtp.masking import Mask
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.smtp.replies import ReplyReader

SERVER = Server(host="relay.suite.example", port=587)
A, B, C, D = (Address.parse(f"{name}@example.org") for name in "abcd")
DATA = b"Subject: 1\r\n\r\n.hidden\r\n"
CONTENT = b"Subject: 1\r\n\r\n..hidden\r\n.\r\n"


def errand(*recipients, name="ann", data=DATA, options=NO_OPTIONS):
    """A mail from name@suite.example that waits for a connection."""
    envelope = Envelope(reverse_path=f"{name}@suite.example", recipients=recipients or (A,))
    return Errand(envelope, data, options, server=SERVER.name, now=0.0)


def group(*recipients, name="ann", data=True):
    """The commands of a transaction, as they go out."""
    lines = [f"MAIL FROM:<{name}@suite.example>", *(f"RCPT TO:<{one}>" for one in recipients or (A,))]
    return "".join(f"{line}\r\n" for line in [*lines, *(["DATA"] if data else [])]).encode()


def told(one):
    """What each recipient was told, by its local part."""
    return {who.local_part: (str(one.outcome), str(one.reason)) for who, one in one.results.items()}


def dialogue_with(server, limits, *, level, lower, extensions=("PIPELINING",)):
    """A dialogue on a connection that was just opened to a server with these limits."""
    return Dialogue(
        server,
        Offer(extensions=dict.fromkeys(extensions, ""), encrypted=True),
        PolicyMemory(),
        level=level,
        lower=lower,
        part=Room(server, limits).part,
    )


def content_in(piece):
    """The mail whose content is to be written; nothing where commands are."""
    return piece.content.errand if piece.content is not None else None


def octets_of(piece):
    """What goes out for a piece."""
    one = content_in(piece)
    return piece.octets if one is None else b"".join(blocks(one.data))


class Talk:
    """A dialogue at a level of pipelining, and what became of its mails."""

    def __init__(self, level=Pipelining.ACROSS, *, extensions=("PIPELINING",), server=SERVER, limits=None):
        self.level = level
        self.lowered = []
        self.now = 0.0
        self._reader = ReplyReader(Mask())
        self.dialogue = dialogue_with(
            server,
            limits or OfferedLimits(),
            extensions=extensions,
            level=lambda: self.level,
            lower=self.lowered.append,
        )

    def take(self, one, **options):
        """Begin a mail, and give what goes out."""
        self.dialogue.take(one, self.now, **options)
        return self.out()

    def says(self, *lines):
        """Let the server say these lines in one segment, and give what goes out after them."""
        for heard in self._reader.feed("".join(f"{line}\r\n" for line in lines).encode()):
            self.now += 1.0
            self.dialogue.hear(heard, self.now)
        return self.out()

    def out(self):
        """Write everything that is to be written."""
        octets = []
        pieces: deque = self.dialogue.pieces
        while pieces:
            piece = pieces.popleft()
            octets.append(octets_of(piece))
            self.dialogue.written(piece)
        return b"".join(octets)

    def lost(self, *, cut=True):
        """Let the connection be gone, or fall silent."""
        self.dialogue.lost(self.now, cut=cut)

    @property
    def finished(self):
        """The mails that are settled, in their order."""
        return self.dialogue.news.finished

    @property
    def untried(self):
        """The mails that wait for another connection."""
        return self.dialogue.news.untried
