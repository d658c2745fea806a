"""The dialogue on one open connection, without I/O: replies in, octets and settled errands out.

Commands go ahead of their replies as far as the server's trait and its offer allow (RFC 2920, M22): DATA
is the last of its group, content is never written before its 354, and with ``across`` the next mail's
group stands behind the final dot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.address import Address
from mailsend.model.reply import Reply, Severity
from mailsend.model.server import Pipelining, Server
from mailsend.transport.smtp.beforehand import refuse_beforehand
from mailsend.transport.smtp.commands import Command, commands_of, next_of
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.errand import Errand, Phase
from mailsend.transport.smtp.hearing import CLOSING, GO_ON, Ear, Move, Next
from mailsend.transport.smtp.memory import PolicyMemory
from mailsend.transport.smtp.news import News
from mailsend.transport.smtp.replies import MALFORMED, Heard
from mailsend.transport.smtp.step_limits import seconds_for
from mailsend.transport.smtp.turn import Due, Piece, Turn

__all__ = ["Dialogue"]

_CLOSED: Final = conclude(Reason.CLOSED)
_HEALTH: Final = 10.0  # seconds for an answer to NOOP: a connection that is dead says nothing


class Dialogue:
    """What is said on one connection, from the first MAIL on.

    ``level`` gives the level of pipelining that counts now, ``lower`` is told a level at which the
    server lost step, ``part`` takes those who fit into one transaction off the front of a list.
    ``pieces`` wait to be written and ``news`` to be told. ``closing`` lets the transaction at hand be
    the last; a session that is ``full`` should begin no further mail, one that ``is_used`` has carried
    something or waited for it. Once it has ``ended`` the connection is to be thrown away.
    """

    def __init__(
        self,
        server: Server,
        offer: Offer,
        memory: PolicyMemory,
        *,
        level: Callable[[], Pipelining],
        lower: Callable[[Pipelining], None],
        part: Callable[[list[Address]], int],
    ) -> None:
        self._server = server
        self._offer = offer
        self._ear = Ear(server, offer, memory)
        # RFC 2920, section 3: not where it is not offered.
        self._level = level if "PIPELINING" in offer.extensions else lambda: Pipelining.OFF
        self._lower = lower
        self._part = part
        self._limits = {step: seconds_for(step, server) for step in Step}
        self._due: deque[Due] = deque()
        self._script: deque[Command] = deque()
        self._turn: Turn | None = None
        self._ahead: Turn | None = None
        self._now = 0.0
        self.pieces: deque[Piece] = deque()
        self.news = News()
        self.is_used = False
        self.closing = False
        self.full = False
        self.ended = False

    @property
    def is_idle(self) -> bool:
        """Whether no mail is on this connection."""
        return self._turn is None and not self.ended

    @property
    def may_take(self) -> bool:
        """Whether a mail may begin here: at once, or behind the content of the one at hand."""
        turn = self._turn
        if self.ended or self._ahead is not None:
            return False
        return turn is None or (
            turn.written and not turn.errand.waiting and self._level() is Pipelining.ACROSS
        )

    @property
    def awaits(self) -> Due | None:
        """The reply that is due next."""
        return self._due[0] if self._due else None

    @property
    def at_hand(self) -> Errand | None:
        """The mail whose transaction this is."""
        return self._turn.errand if self._turn else None

    @property
    def behind(self) -> Errand | None:
        """The mail whose commands stand behind the content of another."""
        ahead = self._ahead
        return ahead.errand if ahead is not None and ahead.errand is not self.at_hand else None

    @property
    def taken(self) -> tuple[Address, ...]:
        """Who was accepted in the transaction at hand."""
        return tuple(self._turn.taken) if self._turn else ()

    def take(self, errand: Errand, now: float, *, check: bool = False) -> None:
        """Begin a mail; with ``check`` ask first whether anybody is still there."""
        self._now = now
        refuse_beforehand(errand, self._server, self._offer)
        if not errand.waiting:
            self.news.finish(errand)
            return
        if check:
            errand.note(now, "C", ("NOOP",))
            self._say("NOOP", Step.MAIL, min(_HEALTH, self._limits[Step.MAIL]))
        self._begin(errand, alone=check)  # RFC 2920, section 3.1: NOOP ends its group

    def written(self, piece: Piece) -> None:
        """Take note that ``piece`` is on its way: from now on its replies are due."""
        self._due.extend(piece.due)
        if piece.content is not None:
            piece.content.errand.is_out()

    def hear(self, heard: Heard, now: float) -> None:
        """Take in one reply."""
        self._now = now
        reply, turn = heard.reply, self._turn
        if turn is not None and not turn.errand.late:
            turn.errand.note(now, "S", heard.lines)
        if not self._due:  # unasked: each further one would be taken for the answer to the next command
            if turn is None:
                self.ended = True
            else:
                self._follow(turn, self._ear.unasked(turn, reply))
            return
        due = self._due.popleft()
        if due.turn is None:
            # The reply to a lone dot says nothing; what does not even take RSET or NOOP is not to be trusted.
            if reply.code in (CLOSING, MALFORMED) or (due.step is Step.MAIL and reply.code // 100 != 2):
                self._stop(judge(Step.MAIL, reply), reply, again=True)
        elif due.step is Step.DOT:
            self._hear_dot(due.turn, reply)
        elif (following := self._ear.hear(due.turn, due, reply)) is not GO_ON:
            self._follow(due.turn, following)
        if self._script and not self.ended:
            self._go_on()

    def lost(self, now: float, *, cut: bool) -> None:
        """Take in that the connection is gone (``cut``), or that a limit has passed in silence."""
        self._now = now
        turn, due = self._turn, self.awaits
        if self.ended or turn is None:
            self.ended = True
        elif turn.written and turn.errand.phase is not Phase.CONTENT:
            if self._ahead is not None and cut:
                self._lower(Pipelining.ACROSS)
            self.news.answer(turn, judge(Step.DOT, None), None)
            self._stop(judge(Step.CONTENT, None), None, again=False)
        else:
            self._follow(turn, self._ear.silence(turn, due, cut=cut))

    def give_up(self, verdict: Verdict) -> None:
        """End at once: the mail at hand is told ``verdict``, unless its final dot is out."""
        if self._turn is not None and (self._turn.errand.phase is Phase.DOT or self._turn.errand.late):
            self.news.answer(self._turn, judge(Step.DOT, None), None)
        self._stop(verdict, None, again=False)

    # Saying

    def _begin(self, errand: Errand, *, alone: bool = False) -> None:
        """Say the commands of the next transaction of ``errand``; ``alone``: when all before are answered."""
        room = self._part(errand.waiting)
        if not room:
            self._leave_to_others(errand)
            return
        asked, errand.waiting = tuple(errand.waiting[:room]), errand.waiting[room:]
        ahead = self._turn is not None
        is_grouped = ahead or self._level() is not Pipelining.OFF
        turn = Turn(errand, asked, is_grouped, ahead=ahead, reused=self.is_used)
        self.is_used = True
        if ahead:
            self._ahead = turn
            if errand.phase is Phase.WAITING:
                errand.phase = Phase.AHEAD
        else:
            self._turn = turn
            errand.phase = Phase.ENVELOPE
        commands = commands_of(turn, self._offer, self._limits)
        if turn.is_grouped and not alone:
            self._speak(turn, commands)
        else:
            self._script.extend(commands)
            self._go_on()

    def _leave_to_others(self, errand: Errand) -> None:
        """Let a mail that does not fit into this session go on in another, once nothing of it is here."""
        self.full = True
        if errand is not self.at_hand:
            errand.step_back()
            self.news.untried.append(errand)

    def _go_on(self) -> None:
        """Say the next command, or a whole group, when everything before it is answered."""
        if not (self._due or self.pieces):
            self._speak(*next_of(self._script))

    def _speak(self, turn: Turn, commands: list[Command]) -> None:
        """Say these commands in one go."""
        lines, due = zip(*commands, strict=True)
        turn.errand.note(self._now, "C", lines)
        self.pieces.append(Piece("\r\n".join((*lines, "")).encode(), due))

    def _say(self, line: str, step: Step, seconds: float | None = None) -> None:
        """Say something whose reply changes nothing."""
        self.pieces.append(Piece(f"{line}\r\n".encode(), (Due(step, seconds or self._limits[step]),)))

    def _write_content(self, turn: Turn) -> None:
        errand = turn.errand
        turn.written, errand.phase = True, Phase.CONTENT
        errand.note(self._now, "C", (f"({len(errand.data)} octets of content and the final dot)",))
        self.pieces.append(Piece(b"", (Due(Step.DOT, self._limits[Step.DOT], turn),), turn))
        errand.waiting, turn.later = [*turn.later, *errand.waiting], []
        if errand.waiting and self._level() is Pipelining.ACROSS:
            self._begin(errand)

    # Hearing

    def _follow(self, turn: Turn, following: Next) -> None:
        match following.move:
            case Move.CONTENT:
                self._write_content(turn)
            case Move.DATA_NOW:
                turn.later += [due.address for _, due in self._script if due.address is not None]
                self._script = deque(one for one in self._script if one[1].step is Step.DATA)
            case Move.OVER:
                self._over(turn)
            case Move.RESET:  # RFC 5321, section 4.1.1.5
                self._say("RSET", Step.MAIL)
                self._over(turn)
            case Move.LONE_DOT:
                turn.errand.note(self._now, "C", (".",))
                self._say(".", Step.DOT)
                self._over(turn)
            case Move.STOP | Move.OUT_OF_STEP:
                assert following.verdict is not None  # whatever ends the connection has one
                if following.move is Move.OUT_OF_STEP:
                    self._take_back(turn)
                self._stop(following.verdict, following.reply, again=following.again)

    def _hear_dot(self, turn: Turn, reply: Reply) -> None:
        self.news.answer(turn, self._ear.judge(Step.DOT, reply), reply)
        if reply.code == CLOSING or reply.severity in (Severity.INTERMEDIATE, Severity.SENSELESS):
            self._stop(judge(Step.MAIL, reply), reply, again=False)
        else:
            self._over(turn)

    # Ending

    def _over(self, turn: Turn) -> None:
        """End a transaction; its errand goes on with whom is left, or the one behind it begins."""
        errand = turn.errand
        errand.waiting = [*turn.later, *errand.waiting]
        self._script.clear()
        self._turn, self._ahead = self._ahead, None
        following = self._turn.errand if self._turn else None
        if following is not errand:
            if errand.waiting and errand.phase is not Phase.OVER and not self.closing:
                self._begin(errand)
                return
            errand.settle_rest(_CLOSED, None)
            self.news.finish(errand)
        if following is None:
            return
        if self.closing or following.phase is Phase.OVER:  # an empty mail must not go out instead
            self._stop(_CLOSED, None, again=False)
        else:
            following.phase = Phase.ENVELOPE

    def _take_back(self, turn: Turn) -> None:
        """Take back what was heard where what was sent ahead confused the server, and send less ahead (M22)."""
        self._lower(Pipelining.ACROSS if turn.ahead else Pipelining.WITHIN)
        turn.errand.unsettle(turn.told)

    def _stop(self, verdict: Verdict, reply: Reply | None, *, again: bool) -> None:
        """End the dialogue: what is not settled is told ``verdict``, or begins ``again`` elsewhere."""
        self.ended = True
        turn, ahead = self._turn, self._ahead
        self._turn = self._ahead = None
        for left in (self._due, self._script, self.pieces):
            left.clear()
        if turn is not None:
            self.news.leave(turn.errand, verdict, reply, again=again)
        if ahead is not None and (turn is None or ahead.errand is not turn.errand):
            self.news.leave(ahead.errand, judge(Step.MAIL, None), None, again=True)
