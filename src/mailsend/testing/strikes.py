"""Which fault strikes now: the script of a server, and how often each fault has struck."""

from __future__ import annotations

from mailsend.testing.faults import Act, Place, ScriptedFault, fault_named

__all__ = ["Strikes"]


class Strikes:
    """The faults of a server, in the order in which they were named."""

    def __init__(self) -> None:
        self._struck: dict[ScriptedFault, int] = {}

    def add(self, *names: str) -> None:
        """Add faults; one that is there already begins to count anew. Raises InvalidSettings."""
        for name in names:
            self._struck[fault_named(name)] = 0

    def clear(self) -> None:
        """Forget all faults."""
        self._struck = {}

    def due(self, place: Place, occasion: int, *, behind: bool = False) -> ScriptedFault | None:
        """Give the fault that strikes at the ``occasion``-th time in ``place``, and count it.

        ``behind``: only one that leaves the server's own answer as it is.
        """
        for one in self._struck:
            if (
                one.at is place
                and one.does is not Act.STRIP
                and occasion > one.after
                and occasion % one.every == 0
                and (one.does.is_behind or not behind)
                and self._count(one)
            ):
                return one
        return None

    def stripped(self) -> set[str]:
        """Give the extensions that EHLO leaves out this time."""
        return {one.reply for one in self._struck if one.does is Act.STRIP and self._count(one)}

    def _count(self, fault: ScriptedFault) -> bool:
        """Count a strike; False where it has struck as often as it may."""
        struck = self._struck[fault]
        if fault.times is not None and struck >= fault.times:
            return False
        self._struck[fault] = struck + 1
        return True
