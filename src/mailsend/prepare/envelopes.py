"""The envelopes of a mail: one for all, or where bounces are told apart by token one for each (M15)."""

from __future__ import annotations

from mailsend.decide.recipients import RecipientsDecision
from mailsend.decide.return_path import ReturnPathDecision, ReturnPathReason
from mailsend.decide.verp import reverse_path
from mailsend.model.address import Address
from mailsend.model.circumstances import Circumstances
from mailsend.model.envelope import Envelope, NullReversePath

__all__ = ["envelopes_of"]

_READ_BY_US = (ReturnPathReason.CUSTOMER_BOUNCE_ADDRESS, ReturnPathReason.APPLICATION_BOUNCE_ADDRESS)


def envelopes_of(
    recipients: RecipientsDecision, return_path: ReturnPathDecision, circumstances: Circumstances
) -> tuple[Envelope, ...]:
    """Give the envelopes in the order of the recipients, that of the archive last.

    A token names a recipient's place among those requested; the archive's is the one behind them.
    """
    path, tokens = return_path.address, circumstances.verp
    if tokens is None or return_path.reason not in _READ_BY_US or isinstance(path, NullReversePath):
        envelopes = [Envelope(reverse_path=path, recipients=recipients.envelope_addresses)]
        if recipients.archive is not None:
            envelopes.append(Envelope(reverse_path=path, recipients=(recipients.archive,)))
        return tuple(envelopes)
    places: dict[Address, int] = {}
    for place, one in enumerate(recipients.each.values()):
        if one.envelope_address is not None:
            places.setdefault(one.envelope_address, place)
    several = [*places.items()]
    if recipients.archive is not None:
        several.append((recipients.archive, places.get(recipients.archive, len(recipients.each))))
    mail = circumstances.id
    return tuple(
        [
            Envelope(reverse_path=reverse_path(path, mail, place, tokens), recipients=(address,))
            for address, place in several
        ]
    )
