"""What erasing a person came to (M38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsend.model.frozen import FrozenDict

__all__ = ["ERASED", "Erasure"]

# Stands where an address stood: it can be read as one, and reaches nobody (RFC 2606, section 2).
ERASED = "erased@erased.invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """How much was found of a person and blanked.

    ``mails`` are those to or from the person, or that name it, ``contents`` the contents taken out,
    ``entries`` list entries that go on to hold without the address, ``others`` further rows. ``open``
    are ids of mails that stood in the way, or that were cancelled. ``remaining`` says where the
    address still stands, and how often; ``compacted`` whether the files of the store were written
    anew, and ``advice`` what else is to be done. With ``dry_run`` it is what an erasure would come to
    once the ``open`` have ended.
    """

    mails: int = 0
    recipients: int = 0
    attempts: int = 0
    events: int = 0
    contents: int = 0
    keys: int = 0
    entries: int = 0
    others: int = 0
    open: tuple[str, ...] = ()
    cancelled: int = 0
    remaining: Mapping[str, int] = field(default_factory=FrozenDict)
    compacted: bool = False
    advice: str = ""
    dry_run: bool = False

    @property
    def found(self) -> bool:
        """Whether anything was found."""
        return any((self.mails, self.contents, self.keys, self.entries, self.others, self.remaining))
