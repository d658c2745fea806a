"""What a reply to a command of a transaction means for the dialogue (M18, M19, M22)."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import Final, NamedTuple

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.reply import Reply, Severity
from mailsend.model.report import Fault, Outcome
from mailsend.model.server import Server
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.errand import Errand
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.smtp.replies import MALFORMED
from mailsend.transport.smtp.turn import Due, Turn

__all__ = ["CLOSING", "GO_ON", "Ear", "Move", "Next"]

CLOSING: Final = 421  # RFC 5321, section 3.8: may answer any command
_NOBODY_ENDS_HERE: Final = (CLOSING, MALFORMED)
_PLAIN: Final = {Step.MAIL: 250, Step.RCPT: 250, Step.DATA: 354}  # what nearly every command is answered
_OF_THIS_SESSION: Final = (Reason.AUTH_REQUIRED, Reason.PROTOCOL)  # to MAIL: another one may be sound
_REFUSING: Final = (Severity.TRANSIENT, Severity.PERMANENT)
_OUT_OF_STEP: Final = re.compile(
    r"synchroni[sz]ation error|\bpipelining\b", re.IGNORECASE
)  # Exim, Postfix: without a code of their own


class Move(Enum):
    """What the dialogue does after a reply.

    ``GO_ON``: hear the next, or say it. ``CONTENT``: write the content. ``DATA_NOW``: ask for nobody
    else. ``OVER``: the transaction is over, ``RESET``: after it is taken back, ``LONE_DOT``: after
    content that nobody gets is ended. ``STOP``: the connection is of no more use; ``OUT_OF_STEP``: nor
    is what was heard of the group, and the server is to get less ahead.
    """

    GO_ON = auto()
    CONTENT = auto()
    DATA_NOW = auto()
    OVER = auto()
    RESET = auto()
    LONE_DOT = auto()
    STOP = auto()
    OUT_OF_STEP = auto()


class Next(NamedTuple):
    """A move; where it ends the connection, the verdict for whom is not settled, and whether they may begin ``again``."""

    move: Move
    verdict: Verdict | None = None
    reply: Reply | None = None
    again: bool = False


GO_ON: Final = Next(Move.GO_ON)
_CONTENT: Final = Next(Move.CONTENT)
_LOST_STEP: Final = Next(Move.OUT_OF_STEP, judge(Step.MAIL, None), again=True)


class Ear:
    """Hears for one connection: settles who is concerned, and says what follows."""

    def __init__(self, server: Server, offer: Offer, memory: PolicyMemory) -> None:
        self._host = server.host
        self._logged_in = offer.logged_in
        self._memory = memory
        self._hear: Final[dict[Step, Callable[[Turn, Due, Reply], Next]]] = {
            Step.MAIL: self._mail,
            Step.RCPT: self._rcpt,
            Step.DATA: self._data,
        }

    def hear(self, turn: Turn, due: Due, reply: Reply) -> Next:
        """Take in the reply to a command before the content."""
        if reply.code == _PLAIN[due.step] and not turn.closed:
            return self._take(turn, due, reply)
        if reply.code in _NOBODY_ENDS_HERE:
            again = reply.code == CLOSING and turn.reused
            return Next(Move.STOP, self.judge(due.step, reply), reply, again)
        if turn.closed:  # what follows in the group tells nobody anything more
            turn.stray = turn.stray or (due.step is Step.RCPT and reply.severity not in _REFUSING)
            return self._end_of_group(turn, reply) if due.step is Step.DATA else GO_ON
        if _lost_step(turn, due.step, reply):
            return _LOST_STEP
        return self._hear[due.step](turn, due, reply)

    def unasked(self, turn: Turn, reply: Reply) -> Next:
        """Take in a reply that came before its question; nothing on this connection is believed any more."""
        if turn.written:
            step = Step.DOT if reply.severity in _REFUSING else Step.CONTENT
            return Next(Move.STOP, self.judge(step, reply), reply)
        if reply.code == CLOSING:
            return Next(Move.STOP, self.judge(Step.MAIL, reply), reply, again=turn.reused)
        return _disbelieve(turn, judge(Step.MAIL, None))

    def silence(self, turn: Turn, due: Due | None, *, cut: bool) -> Next:
        """Take in, before the final dot is out, that the connection is gone (``cut``), or a limit has passed."""
        checking = due is not None and due.turn is None
        step = Step.CONTENT if turn.written else due.step if due else Step.MAIL
        if turn.is_grouped and not (checking or turn.closed or turn.written):
            # An idle connection is closed for no reason; another may be for the group.
            if cut and (turn.ahead or not turn.reused):
                return _LOST_STEP
            # Fewer replies than commands: what of the group was forgotten, nobody knows.
            if not cut and (turn.ahead or turn.opened):
                return Next(Move.OUT_OF_STEP, judge(step, None), again=not turn.opened)
        again = checking or (cut and turn.reused and not turn.written)
        return Next(Move.STOP, judge(step, None), again=again)

    def judge(
        self, step: Step, reply: Reply, *, accepted_before: bool = False, repeated: bool = False
    ) -> Verdict:
        """Judge a reply with what is known of this connection."""
        return judge(
            step,
            reply,
            accepted_before=accepted_before,
            logged_in=self._logged_in,
            repeated=repeated,
            host=self._host,
        )

    def _take(self, turn: Turn, due: Due, reply: Reply) -> Next:
        """Go on after a yes."""
        if due.step is Step.MAIL:
            turn.opened = True
        elif due.address is not None:
            self._memory.learn(reply, due.address.domain)
            turn.taken.append(due.address)
        else:
            return _CONTENT if turn.taken else self._end_of_group(turn, reply)
        return GO_ON

    def _mail(self, turn: Turn, due: Due, reply: Reply) -> Next:
        verdict = self.judge(Step.MAIL, reply)
        if verdict.outcome is Outcome.ACCEPTED:
            return self._take(turn, due, reply)
        if verdict.reason is Reason.SENSELESS_REPLY:
            return _disbelieve(turn, verdict, reply)
        if verdict.reason in _OF_THIS_SESSION:
            return Next(Move.STOP, verdict, reply, again=turn.reused)
        turn.told += [one for one in turn.errand.envelope.recipients if one not in turn.errand.results]
        turn.errand.settle_rest(verdict, reply)
        turn.errand.waiting = []
        turn.closed = True
        return GO_ON if turn.is_grouped else Next(Move.OVER)

    def _rcpt(self, turn: Turn, due: Due, reply: Reply) -> Next:
        address = due.address
        assert address is not None  # asked for by name
        repeated = self._memory.repeats(reply, address.domain)
        verdict = self.judge(Step.RCPT, reply, accepted_before=bool(turn.taken), repeated=repeated)
        if verdict.outcome is Outcome.ACCEPTED:
            return self._take(turn, due, reply)
        self._memory.learn(reply, address.domain)
        if verdict.reason is Reason.SENSELESS_REPLY:
            return _disbelieve(turn, verdict, reply)
        if verdict.too_many:
            turn.later.append(address)
            return Next(Move.DATA_NOW)
        turn.told.append(address)
        turn.errand.settle((address,), verdict, reply)
        if repeated:
            self._blame_server_for(turn.errand, reply)
        if not turn.is_grouped and not turn.taken and address is turn.asked[-1]:
            return Next(Move.RESET)
        return GO_ON

    def _blame_server_for(self, errand: Errand, reply: Reply) -> None:
        """Judge anew those who were told the same before it proved to be the server's word for all."""
        for who, one in list(errand.results.items()):
            if (
                one.reply is not None
                and one.reply.enhanced == reply.enhanced
                and one.reason == Reason.RECIPIENT_POLICY
            ):
                errand.settle((who,), self.judge(Step.RCPT, one.reply, repeated=True), one.reply)

    def _data(self, turn: Turn, due: Due, reply: Reply) -> Next:
        if not turn.taken:
            return self._end_of_group(turn, reply)
        verdict = self.judge(Step.DATA, reply, accepted_before=True)
        if verdict.outcome is Outcome.ACCEPTED:
            return self._take(turn, due, reply)
        if verdict.reason is Reason.SENSELESS_REPLY:
            return _disbelieve(turn, verdict, reply)
        if turn.is_grouped and len(turn.taken) > 1 and verdict.fault is Fault.RECIPIENT:
            return _LOST_STEP  # it was said of one of them, and not to DATA
        turn.errand.settle(turn.taken, verdict, reply)
        return Next(Move.RESET)

    def _end_of_group(self, turn: Turn, reply: Reply) -> Next:
        """End a transaction that nobody was taken in: content that is waited for is a lone dot (M19).

        Not where the server took a recipient for all that: the lone dot would be an empty mail to it.
        """
        verdict = self.judge(Step.DATA, reply)
        if verdict.lone_dot:
            return Next(Move.STOP, conclude(Reason.PROTOCOL, reply)) if turn.stray else Next(Move.LONE_DOT)
        if verdict.reason is Reason.SENSELESS_REPLY:
            return _disbelieve(turn, verdict, reply)
        return Next(Move.RESET if turn.opened else Move.OVER)


def _disbelieve(turn: Turn, verdict: Verdict, reply: Reply | None = None) -> Next:
    """Stop where the replies before may have been to other commands than we took them for."""
    turn.errand.unsettle(turn.told)
    return Next(Move.STOP, verdict, reply)


def _lost_step(turn: Turn, step: Step, reply: Reply) -> bool:
    """Say whether a reply shows that the server lost step with what was sent ahead (M22)."""
    if reply.code < 500 or not turn.is_grouped:
        return False
    coded = reply.code == 503 or (reply.code == 554 and (reply.enhanced or "").startswith("5.5."))
    if not coded and _OUT_OF_STEP.search(reply.text) is None:
        return False
    match step:
        case Step.MAIL:
            return True
        case Step.RCPT:
            return turn.opened
        case _:
            return turn.opened and bool(turn.taken)
