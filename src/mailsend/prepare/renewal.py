"""A mail that waited too long before its first attempt: Date and signatures alone made anew (M34)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mailsend.compose.redate import redated
from mailsend.compose.sign import sign_all
from mailsend.decide.signing import SignaturesDecision, choose_signatures
from mailsend.model.circumstances import Circumstances

if TYPE_CHECKING:
    from mailsend.decide.route import RoutesDecision

__all__ = ["Renewed", "renewed"]


@dataclass(frozen=True, slots=True)
class Renewed:
    """The bytes as they go out now, their SHA-256 in hexadecimal, and how they are signed."""

    data: bytes = field(repr=False)
    digest: str
    signatures: SignaturesDecision


def renewed(
    data: bytes,
    *,
    signatures: int,
    date_stays: bool,
    sender: Any,
    routes: RoutesDecision,
    circumstances: Circumstances,
) -> Renewed:
    """Take the topmost ``signatures`` off ``data`` and sign it anew, with today's keys and Date.

    ``sender`` has the effective ``mailbox``; the Date of a finished mail that was carried over stays.
    """
    bare = redated(data, signatures=signatures, date=None if date_stays else circumstances.now)
    decision, keys = choose_signatures(sender, routes, circumstances)
    fields = sign_all(bare, keys, circumstances.now, leave_out=decision.leave_out)
    whole = b"".join((*fields, bare))
    return Renewed(whole, hashlib.sha256(whole).hexdigest(), decision)
