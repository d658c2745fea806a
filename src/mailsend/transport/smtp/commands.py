"""The commands of a transaction, each with the reply that it makes due (RFC 5321, section 4.1.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from mailsend.decide.verdict import Step
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.parameters import mail_parameters, rcpt_parameters
from mailsend.transport.smtp.turn import Due, Turn

__all__ = ["Command", "commands_of", "next_of"]

Command = tuple[str, Due]


def commands_of(turn: Turn, offer: Offer, limits: Mapping[Step, float]) -> list[Command]:
    """Give MAIL, one RCPT for each who is asked for, and DATA; ``limits`` are in seconds."""
    errand, envelope = turn.errand, turn.errand.envelope
    parameters = mail_parameters(offer, errand)
    commands = [(f"MAIL FROM:<{envelope.reverse_path}>{parameters}", Due(Step.MAIL, limits[Step.MAIL], turn))]
    for one in turn.asked:
        line = f"RCPT TO:<{one}>{rcpt_parameters(offer, envelope, one)}"
        commands.append((line, Due(Step.RCPT, limits[Step.RCPT], turn, one)))
    commands.append(("DATA", Due(Step.DATA, limits[Step.DATA], turn)))
    return commands


def next_of(script: deque[Command]) -> tuple[Turn, list[Command]]:
    """Take off the front of ``script`` what is said next, a whole group or one command, and whose it is."""
    turn = script[0][1].turn
    assert turn is not None  # every command in a script belongs to a transaction
    return turn, [script.popleft() for _ in range(len(script) if turn.is_grouped else 1)]
