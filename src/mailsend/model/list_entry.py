"""Entries of the lists: who is not written to, who never is, and who is all the same (M17, H7, P6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, final

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain

__all__ = ["Entry", "Level", "ListName", "ListPattern", "Why", "decisive"]


class ListName(StrEnum):
    """The lists there are: who is left out for a reason met, who is never written to, who is all the same."""

    SUPPRESS = "suppress"
    BLOCK = "block"
    ALLOW = "allow"


class Why(StrEnum):
    """Why an entry is there. A complaint alone is passed by mail that is essential (M17)."""

    BY_HAND = "by_hand"
    NO_SUCH_USER = "no_such_user"
    COMPLAINT = "complaint"


class Level(StrEnum):
    """Whose word an entry is (H7): of a rule, of a user, of an admin; each outranks those before it."""

    RULE = "rule"
    USER = "user"
    ADMIN = "admin"

    @property
    def rank(self) -> int:
        """How much it outranks."""
        return _RANKS[self]


_RANKS: Final = {level: rank for rank, level in enumerate(Level)}


@final
@dataclass(frozen=True, slots=True)
class ListPattern:
    """An address, or all addresses of one domain.

    ``text`` is what is shown and kept, ``key`` what is compared: A-labels, the local part without
    case (M17).
    """

    text: str
    key: str
    domain: Domain

    @classmethod
    def parse(cls, text: str | Address, *, field: str = "") -> ListPattern:
        """Read ``bob@example.org``, or ``@example.org`` (``*@example.org``) for all of a domain.

        Raises InvalidAddress with ``field``.
        """
        if isinstance(text, Address):
            return cls(str(text), text.key, text.domain)
        bare = text.strip()
        if not bare.startswith(("@", "*@")):
            address = Address.parse(bare, field=field)
            return cls(str(address), address.key, address.domain)
        written = bare.partition("@")[2]
        try:
            domain = Domain.parse(written)
        except InvalidAddress as fault:
            raise InvalidAddress(
                text, fault.why, field=field, advice="Write @ and the domain, as in @example.org."
            ) from None
        return cls(f"@{domain}", f"@{domain}", domain)

    @property
    def is_domain(self) -> bool:
        """Whether it stands for a whole domain."""
        return self.text.startswith("@")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of one list.

    ``customer`` is empty where it is the application's, and holds for all; ``pattern`` is empty where
    the person was erased and the entry stays (M38). ``times`` counts how often the reason was met;
    ``until`` is None where it holds for good. Times are UTC.
    """

    id: int
    list: ListName
    customer: str
    pattern: str
    why: Why
    note: str
    source: str
    by: str
    level: Level
    times: int
    made_at: datetime
    until: datetime | None

    def holds_at(self, now: datetime) -> bool:
        """Whether it has not come to its end."""
        return self.until is None or self.until > now

    @property
    def reason(self) -> str:
        """Why an address is left out by it: for a suppression the reason met, else the list."""
        return str(self.why) if self.list is ListName.SUPPRESS else str(self.list)

    def keeps_from(self, *, essential: bool) -> bool:
        """Whether it keeps a mail from its recipient; an essential one passes complaints."""
        return not (essential and self.list is ListName.SUPPRESS and self.why is Why.COMPLAINT)


def decisive(entries: Iterable[Entry], *, essential: bool = False) -> Entry | None:
    """Give the entry that keeps a mail from an address, of all that concern it now; None where none does.

    What lies on the allow list outranks what is of a lower level: a user's word a rule's, an admin's a
    user's as well (H7). What a person entered for the whole application yields to the application's
    own allow list alone. Of several the hardest is given.
    """
    found = list(entries)
    allowed = [one for one in found if one.list is ListName.ALLOW]
    kept = [
        one
        for one in found
        if one.list is not ListName.ALLOW
        and one.keeps_from(essential=essential)
        and not any(_lifts(allow, one) for allow in allowed)
    ]
    return max(kept, key=_hardness, default=None)


def _lifts(allow: Entry, other: Entry) -> bool:
    if allow.level.rank <= other.level.rank:
        return False
    return not allow.customer or bool(other.customer) or other.level is Level.RULE


def _hardness(one: Entry) -> tuple[bool, bool, bool, int, int]:
    return (
        one.list is ListName.BLOCK,
        one.why is not Why.COMPLAINT,
        one.until is None,
        one.level.rank,
        -one.id,
    )
