"""Routes whose servers answer from a script: finished mails, transports, a clock and a look, without a network."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from mailsend.decide.last_look import Go
from mailsend.decide.recipients import (
    Field,
    RecipientDecision,
    RecipientReason,
    RecipientsDecision,
    RecipientsReason,
)
from mailsend.decide.route import RoutesDecision, RoutesReason
from mailsend.decide.sender import SenderDecision, SenderReason
from mailsend.decide.verdict import Reason, Step, conclude, judge
from mailsend.deliver import deliver
from mailsend.mailer.lanes import ServerLanes
from mailsend.model.address import Address, ByAddress, Mailbox
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.content import Content
from mailsend.model.display_name import NameReason
from mailsend.model.envelope import Envelope
from mailsend.model.message import Message
from mailsend.model.reply import Reply
from mailsend.model.server import Server
from mailsend.model.submission import Submission
from mailsend.transport.base import attempt_from, result_of

ONE, TWO = Server(host="one.example", port=587), Server(host="two.example", port=587)
A, B, C = (Address.parse(f"{name}@example.org") for name in "abc")
ANN = Address.parse("ann@suite.example")
TEST = Address.parse("test@suite.example")


def submission(
    *addresses, servers=(ONE, TWO), owners=(), stands=None, left_out=(), envelopes=None, **message
):
    """A finished mail as prepare gives it, with the decisions that deliver reads."""
    stands = stands or {}
    each = {
        who: RecipientDecision(
            mailbox=Mailbox(name="", address=who),
            field=Field.TO,
            reason=RecipientReason.SUPPRESSED if who in left_out else RecipientReason.AS_REQUESTED,
            envelope_address=None if who in left_out else stands.get(who, who),
        )
        for who in addresses
    }
    in_envelope = tuple(dict.fromkeys(one.envelope_address for one in each.values() if one.envelope_address))
    return Submission(
        id="4711",
        message_id="4711@suite.example",
        message=Message(to=[str(one) for one in addresses], subject="x", text="x", **message),
        sender=SenderDecision(
            reason=SenderReason.REQUESTED,
            mailbox=Mailbox(name="", address=ANN),
            name=NameReason.AS_ASKED,
        ),
        reply_to=None,
        recipients=RecipientsDecision(
            reason=RecipientsReason.AS_REQUESTED, each=ByAddress(each), to=(), cc=()
        ),
        routes=RoutesDecision(
            reason=RoutesReason.SMARTHOST,
            offered=tuple(
                OfferedServer(server=one, owner=owner)
                for one, owner in zip(servers, owners or [Owner.APPLICATION] * len(servers), strict=True)
            ),
        ),
        return_path=None,
        content=None,
        signatures=None,
        envelopes=envelopes or (Envelope(reverse_path="ann@suite.example", recipients=in_envelope),),
        rendered=Content(subject="x", text="x", html=None),
        data=b"Subject: x\r\n\r\nx\r\n",
        digest="d1",
        rules_version="v1",
        prepared=datetime(2026, 11, 21, tzinfo=UTC),
    )


class World:
    """Transports that answer from a script, a clock that moves when somebody sleeps, and a look."""

    def __init__(self, script, look=None, *, with_lanes=False):
        self.script = {server: list(answers) for server, answers in script.items()}
        self.asked = []
        self.slept = []
        self.now = 100.0
        self.looks = 0
        self._look = look or (lambda _: Go())
        self.lanes = ServerLanes(lambda: self.now) if with_lanes else None

    def transport_for(self, server):
        return _Scripted(self, server)

    def look(self, submission):
        self.looks += 1
        return self._look(self.looks)

    async def sleep(self, seconds):
        self.slept.append(seconds)
        await asyncio.sleep(0)  # others have their say meanwhile
        self.now += seconds

    def deliver(self, submission, deadline=60.0):
        return asyncio.run(self.on_its_way(submission, deadline))

    def deliver_all(self, submissions, deadline=60.0):
        """Deliver them all at once; give the reports in the order of ``submissions``."""

        async def together():
            return await asyncio.gather(*(self.on_its_way(one, deadline) for one in submissions))

        return asyncio.run(together())

    async def on_its_way(self, submission, deadline=60.0):
        return await deliver(
            submission,
            transport_for=self.transport_for,
            look=self.look,
            clock=lambda: self.now,
            deadline=deadline,
            sleep=self.sleep,
            lanes=self.lanes,
        )


class _Scripted:
    def __init__(self, world, server):
        self.world = world
        self.server = server

    async def submit(self, envelope, data, *, options):
        self.world.asked.append((self.server.host, tuple(map(str, envelope.recipients)), options))
        answers = self.world.script[self.server]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return await answer(self.server, envelope)

    async def aclose(self):
        pass


def says(step, line, only=None):
    """A server that answers all recipients, or only some, with one reply; the others are accepted."""
    reply = None if line is None else Reply.of(int(line[:3]), line[4:])
    verdict = judge(step, reply)

    async def answer(server, envelope):
        results = {
            who: result_of(verdict, reply, server=server.name, address=who)
            if only is None or who in only
            else result_of(conclude(Reason.ACCEPTED), FINE, server=server.name, address=who)
            for who in envelope.recipients
        }
        return attempt_from(results, server=server.name, retry_now=verdict.retry_now)

    return answer


def finds(reason):
    """A server about which we found something out without a reply."""

    async def answer(server, envelope):
        verdict = conclude(reason)
        results = {
            who: result_of(verdict, None, server=server.name, address=who) for who in envelope.recipients
        }
        return attempt_from(results, server=server.name, retry_now=verdict.retry_now)

    return answer


def raises(problem):
    async def answer(server, envelope):
        raise problem

    return answer


FINE = Reply.of(250, "2.0.0 queued")
accepts = says(Step.DOT, "250 2.0.0 queued")
cut = says(Step.MAIL, None)
busy = says(Step.MAIL, "421 4.3.2 busy")
trouble = says(Step.MAIL, "451 4.3.0 trouble")
silent_dot = says(Step.DOT, None)


def hosts(world):
    return [host for host, _, _ in world.asked]


def outcomes(report):
    return {one.local_part: str(result.outcome) for one, result in report.recipients.items()}
