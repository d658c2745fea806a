"""What event loops have in hand of a database's connections, and listen to."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from mailsend.store.asking import Line
    from mailsend.store.direct import Direct

__all__ = ["Lending"]


class Lending:
    """The connections that loops ask by themselves; a line waits for its loop's next statement."""

    def __init__(self) -> None:
        self._lent: dict[Direct, AbstractEventLoop] = {}
        self._waiting: dict[AbstractEventLoop, Line] = {}

    @property
    def under_way(self) -> int:
        """How many of them are asked something now."""
        return len(self._lent) - len(self._waiting)

    def lent(self, direct: Direct, loop: AbstractEventLoop) -> None:
        """Know that ``loop`` has it."""
        self.end_with_loops()
        self._lent[direct] = loop

    def returned(self, direct: Direct) -> None:
        """Know that no loop has it any more."""
        self._lent.pop(direct, None)

    def wait(self, loop: AbstractEventLoop, line: Line) -> bool:
        """Let a line wait for what its loop asks next; False where one does already."""
        return self._waiting.setdefault(loop, line) is line

    def waiting(self, loop: AbstractEventLoop) -> Line | None:
        """Take out the line that waits for ``loop``."""
        return self._waiting.pop(loop, None)

    def leave(self, loop: AbstractEventLoop, line: Line) -> None:
        """Let a line that is broken wait no longer."""
        if self._waiting.get(loop) is line:
            del self._waiting[loop]

    def end(self) -> None:
        """Have each loop give back what only waits there; what is asked something now comes back by itself."""
        for loop in tuple(self._waiting):
            line = self.waiting(loop)
            with contextlib.suppress(RuntimeError):  # the loop is closed
                if line is not None:
                    loop.call_soon_threadsafe(line.leave)
        self.end_with_loops()

    def end_with_loops(self) -> None:
        """Close what loops had in hand when they were closed."""
        for direct, loop in tuple(self._lent.items()):
            if loop.is_closed() and self._lent.pop(direct, None) is not None:
                self._waiting.pop(loop, None)
                with contextlib.suppress(SQLAlchemyError):
                    direct.broken_by(direct.ended)
                    direct.connection.close()
