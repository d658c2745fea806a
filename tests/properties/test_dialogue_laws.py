"""Laws of the dialogue: whatever a server answers, however it is cut, nobody is told what is not so."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import event, given
from hypothesis import strategies as st
from talking import content_in, dialogue_with, octets_of
from whimsical_server import WhimsicalServer

from mailsend.decide.verdict import Reason, conclude
from mailsend.model.envelope import Envelope
from mailsend.model.report import Outcome
from mailsend.model.server import Pipelining, Server
from mailsend.model.server_limits import OfferedLimits
from mailsend.transport.base import NO_OPTIONS
from mailsend.transport.smtp.content import blocks
from mailsend.transport.smtp.errand import Errand, Phase
from mailsend.transport.smtp.masking import Mask
from mailsend.transport.smtp.replies import ReplyReader

SERVER = Server(host="relay.suite.example", port=587, max_recipients=3)
ORDER = (Pipelining.OFF, Pipelining.WITHIN, Pipelining.ACROSS)
PEOPLE = ("a@one.example", "b@one.example", "c@two.example", "d@three.example", "e@one.example")
RETURNS = 3
LEVELS = st.sampled_from([*ORDER, Pipelining.ACROSS, Pipelining.ACROSS])  # where most can go wrong


def thrown(seed, whims, count):
    """So many throws; ``whims`` of a hundred are not what a sound server has."""
    chance = Random(seed)
    return bytes(chance.randrange(256) if chance.randrange(100) < whims else 0 for _ in range(count))


# A law that draws its bytes one by one draws few: most cases come from a seed.
DICE = st.one_of(
    st.binary(max_size=400),
    *[st.builds(thrown, st.integers(0, 2**32), st.integers(0, 100), st.integers(50, 400))] * 3,
)
MAILS = st.lists(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=5), min_size=1, max_size=5)
DOMAINS = st.sampled_from([None, None, 1, 2])


def content_of(sender):
    return f"Subject: {sender}\r\n\r\n.{sender}\r\n".encode()


class Run:
    """Several mails over as many connections as they need, one after the other."""

    def __init__(self, level, mails, dice, *, domains=None, giving_up=False):
        self.level = level
        self._dice = iter(dice)
        self._domains = domains
        self._giving_up = giving_up
        self.errands = [
            Errand(
                Envelope(reverse_path=f"m{place}@suite.example", recipients=recipients),
                content_of(f"m{place}"),
                NO_OPTIONS,
                server=SERVER.name,
                now=0.0,
            )
            for place, recipients in enumerate(mails)
        ]
        self.waiting = list(self.errands)
        self.finished = []
        self.late = []
        self.returns = Counter()
        self.given_up = set()
        self.took = set()
        self.connections = 0

    def roll(self, sides):
        """Throw a die; when there are none left a server is as it should be."""
        return next(self._dice, 0) % sides

    def lower(self, level):
        self.level = min(self.level, ORDER[max(0, ORDER.index(level) - 1)], key=ORDER.index)

    def run(self):
        while self.waiting:
            self.connections += 1
            assert self.connections <= (RETURNS + 1 + len(PEOPLE)) * len(self.errands), (
                "it goes round and round"
            )
            Session(self).run()
        return self


class Session:
    """One connection, from the first MAIL to its end."""

    def __init__(self, run):
        self.run_of = run
        self.server = WhimsicalServer(run.roll)
        self.reader = ReplyReader(Mask())
        self.here = []
        self.left = False  # somebody had no room here: nobody else begins
        self.dialogue = dialogue_with(
            SERVER, OfferedLimits(rcptdomainmax=run._domains), level=lambda: run.level, lower=run.lower
        )

    def run(self):
        dialogue, run = self.dialogue, self.run_of
        while not dialogue.ended:
            self._begin()
            if not dialogue.ended:
                self._write()
            self._tell()
            if run._giving_up and run.roll(3 if dialogue.behind else 12) == 1:
                self._give_up()
            if dialogue.ended or (dialogue.is_idle and dialogue.awaits is None and not self._may_begin):
                break
            if dialogue.is_idle and dialogue.awaits is None and not self.server.says:
                continue
            self._hear()
            if run.roll(40) == 39:
                run.lower(run.level)  # another connection lost step
        dialogue.lost(0.0, cut=True)
        self._tell()
        assert not self.here, "every mail here ended"
        run.took |= self.server.took

    @property
    def _may_begin(self):
        return bool(self.run_of.waiting) and self.dialogue.may_take and not self.left

    def _begin(self):
        while self._may_begin and self.run_of.roll(5) != 4:
            one = self.run_of.waiting.pop(0)
            self.here.append(one)
            self.dialogue.take(one, 0.0, check=self.dialogue.is_idle and self.run_of.roll(8) == 7)
            self._tell()

    def _write(self):
        pieces = self.dialogue.pieces
        while pieces:
            piece = pieces[0]
            if content_in(piece) is None:
                self.server.reads(piece.octets, content=False)
            else:
                if self.run_of.roll(10) == 9 and self.server.in_content:
                    self.server.interrupts()
                    self._hear(whole=True)
                    assert self.dialogue.ended or not self.server.says
                    if self.dialogue.ended:
                        return
                assert content_in(piece).phase in (Phase.CONTENT, Phase.OVER)
                self.server.reads(octets_of(piece), content=True)
            pieces.popleft()
            self.dialogue.written(piece)

    def _hear(self, *, whole=False):
        """Hear what the server says, as far as it has come; or learn that it says no more."""
        server, dialogue = self.server, self.dialogue
        if not server.says:
            if server.closed or server.silent or server.in_content:  # which it believes to be in
                assert server.closed or whole or dialogue.awaits is not None, "a limit ends every silence"
                dialogue.lost(0.0, cut=server.closed)
            else:
                assert (dialogue.is_idle and dialogue.awaits is None) or whole, (
                    "nobody says anything any more"
                )
            return
        size = len(server.says) if whole else 1 + self.run_of.roll(len(server.says))
        segment, server.says = server.says[:size], server.says[size:]
        for heard in self.reader.feed(segment):
            dialogue.hear(heard, 0.0)
            if dialogue.ended:
                return

    def _tell(self):
        news, run = self.dialogue.news, self.run_of
        for one in news.finished:
            self.here.remove(one)
            run.finished.append(one)
        for one in news.untried:
            self.here.remove(one)
            run.returns[one] += 1
            self.left = True
            run.waiting.append(one)
        for one, recipients, reply in news.late:
            run.late.append((one, recipients, reply))
        for left in (news.finished, news.untried, news.late):
            left.clear()

    def _give_up(self):
        """Let go of one mail as a caller does who is cancelled."""
        if not self.here:
            return
        dialogue, one = self.dialogue, self.here[self.run_of.roll(len(self.here))]
        at_dot, ahead = one.phase is Phase.DOT, one is not dialogue.at_hand
        one.phase = Phase.OVER
        one.late = at_dot
        self.here.remove(one)
        self.run_of.given_up.add(one)
        if not at_dot and not ahead:
            dialogue.give_up(conclude(Reason.CLOSED))
            self._tell()


def took(run, one, recipient):
    sender = one.envelope.reverse_path.local_part
    wire = b"".join(blocks(content_of(sender)))
    return (sender, str(recipient), wire) in run.took


def check(run):
    assert len(run.finished) == len(set(run.finished)), "told once"
    assert set(run.finished) | run.given_up == set(run.errands)
    assert not set(run.finished) & run.given_up
    for sender, recipient, wire in run.took:
        assert wire == b"".join(blocks(content_of(sender))), "each mail with its own content"
        one = run.errands[int(sender[1:])]
        assert recipient in map(str, one.envelope.recipients), "to nobody else"
    for one in run.finished:
        assert set(one.results) == set(one.envelope.recipients), "nobody vanishes"
        for who, result in one.results.items():
            if result.outcome is Outcome.ACCEPTED:
                assert took(run, one, who), f"{who} was told accepted"
    for one, recipients, reply in run.late:
        assert one in run.given_up
        if reply is not None and reply.code in (250, 251, 252):
            assert all(took(run, one, who) for who in recipients)
    # Of itself a mail goes back three times; it may also leave a session that takes no more domains.
    most = RETURNS + (len(PEOPLE) if run._domains else 0)
    assert all(count <= most for count in run.returns.values())


@given(LEVELS, MAILS, DICE, DOMAINS)
def test_whatever_a_server_answers_what_is_told_is_so(level, mails, dice, domains):
    """Each mail ends once; accepted is who was taken with this content; nothing is empty, cut or out of place."""
    run = Run(level, mails, dice, domains=domains).run()
    event(f"connections: {min(run.connections, 6)}")
    check(run)


@given(LEVELS, MAILS, DICE)
def test_mails_that_are_given_up_harm_no_other(level, mails, dice):
    """Wherever a mail is when nobody waits for it any more, the others are told what is so, and it tells once."""
    run = Run(level, mails, dice, giving_up=True).run()
    check(run)
    assert len(run.late) == len({one for one, _, _ in run.late})
    assert {one for one, _, _ in run.late} == {one for one in run.given_up if one.late}


@given(st.sampled_from(ORDER), MAILS, DOMAINS)
def test_a_sound_server_takes_everything(level, mails, domains):
    """Where nothing is amiss each recipient of each mail is accepted, at every level, and nothing is lowered."""
    run = Run(level, mails, b"", domains=domains).run()
    check(run)
    assert run.level is level
    assert len(run.took) == sum(len(one.results) for one in run.errands)
    assert all(result.outcome is Outcome.ACCEPTED for one in run.errands for result in one.results.values())
