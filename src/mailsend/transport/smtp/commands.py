"""The commands of a transaction, each with the reply that it makes due (RFC 5321, section 4.1.1)."""

from __future__ import annotations

from collections.abc import Mapping

from mailsend.decide.verdict import Step
from mailsend.transport.smtp.connect import Offer
from mailsend.transport.smtp.parameters import mail_parameters, rcpt_parameters
from mailsend.transport.smtp.turn import Due, Turn

__all__ = ["Command", "commands_of"]

Command = tuple[str, Due]


def commands_of(turn: Turn, offer: Offer, limits: Mapping[Step, float]) -> list[Command]:
    """Give MAIL, one RCPT for each who is asked for, and DATA; ``limits`` are in seconds."""
    errand, envelope = turn.errand, turn.errand.envelope
    parameters = mail_parameters(offer, envelope, errand.data, errand.options)
    commands = [(f"MAIL FROM:<{envelope.reverse_path}>{parameters}", Due(Step.MAIL, limits[Step.MAIL], turn))]
    for one in turn.asked:
        line = f"RCPT TO:<{one}>{rcpt_parameters(offer, envelope, one)}"
        commands.append((line, Due(Step.RCPT, limits[Step.RCPT], turn, one)))
    commands.append(("DATA", Due(Step.DATA, limits[Step.DATA], turn)))
    return commands
