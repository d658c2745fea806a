"""What is settled for mail after mail alike: from whom, through what, back to whom, signed by whom.

Most mails of a program differ in recipients and content alone. The decisions that ask for neither
are pure, so those of an earlier mail are these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mailsend.decide.reply_to import ReplyToDecision
from mailsend.decide.return_path import ReturnPathDecision
from mailsend.decide.route import RoutesDecision
from mailsend.decide.sender import SenderDecision
from mailsend.decide.signing import SignaturesDecision
from mailsend.model.circumstances import Circumstances, SigningKey
from mailsend.model.message import Message

__all__ = ["Settled", "keep", "known"]

_MOST = 1024

Key: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The decisions that neither recipients nor content have a part in."""

    sender: SenderDecision
    reply_to: ReplyToDecision
    routes: RoutesDecision
    return_path: ReturnPathDecision
    signatures: SignaturesDecision
    keys: tuple[SigningKey, ...]


# Beside what is settled stands what the key names by identity, so that nothing else can come to have it.
_kept: dict[Key, tuple[Settled, tuple[object, ...]]] = {}


def known(message: Message, circumstances: Circumstances) -> Settled | None:
    """Give what was settled for a mail that asks for the same under the same circumstances."""
    if not _is_ordinary(message, circumstances):
        return None
    found = _kept.get(_key(message, circumstances))
    return None if found is None else found[0]


def keep(message: Message, circumstances: Circumstances, settled: Settled) -> None:
    """Keep what is settled, where the next mail may ask for the same."""
    if _is_ordinary(message, circumstances):
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[_key(message, circumstances)] = settled, _named(message, circumstances)


def _is_ordinary(message: Message, circumstances: Circumstances) -> bool:
    """Whether nothing of this one mail has a part in it: lists, recipients, domains that are special."""
    if message.reply_to or message.bounce_to is not None:
        return False
    if circumstances.test_mode.enabled or circumstances.suppressed or circumstances.of_our_own:
        return False
    for several in (message.to, message.cc, message.bcc):
        for one in several:
            if one.address.domain.is_special_use:
                return False
    archive = circumstances.scope.first("archive_bcc")
    return archive is None or not archive.domain.is_special_use


def _named(message: Message, circumstances: Circumstances) -> tuple[object, ...]:
    """Give what is the same object for mail after mail, as long as rules and sender are."""
    return (
        message.from_,
        circumstances.scope,
        circumstances.servers,
        circumstances.domain_facts,
        circumstances.signers,
    )


def _key(message: Message, circumstances: Circumstances) -> Key:
    return (
        *map(id, _named(message, circumstances)),
        message.actor is None,
        message.require_tls,
        message.reply_to_verified,
    )
