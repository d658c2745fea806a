"""One statement asked of PostgreSQL by an event loop: no thread waits for its answer.

To a thread and back costs as much as a statement does. It is told by libpq's asynchronous commands
(PostgreSQL's manual, 32.4), as psycopg gives them in ``psycopg.pq``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final, final

from mailsend.errors import StoreError
from mailsend.store.attempting import Failure, unheard
from mailsend.store.failures import told

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from mailsend.store.database import Database
    from mailsend.store.direct import Direct
    from mailsend.store.statement import Compiled, Statement

__all__ = ["Answered", "Kind", "Line", "ask"]

Answered = Callable[[Failure | None], object]

_DONE: Final = 1  # libpq's PGRES_COMMAND_OK
_SOUND: Final = 0  # and CONNECTION_OK


class Kind(IntEnum):
    """How a value is told to the server: libpq's formats."""

    NUMBER = 0
    OCTETS = 1  # a text as well: otherwise it would end at a NUL


def ask(
    database: Database,
    statement: Statement,
    values: Sequence[Any],
    *,
    kinds: Sequence[Kind],
    loop: AbstractEventLoop,
    answered: Answered,
) -> bool:
    """Begin to write by a single statement, which gives no rows and is its own commit.

    ``values`` are in the order in which the statement names them, each once, and so are their ``kinds``.
    The loop calls ``answered``, with None once it is committed. Otherwise with a Failure: where that is
    not unsure, nothing is written, and whoever tries again is told why. False: nothing is begun, since no
    connection waits here, or the loop can listen to none.
    """
    line = database.lending.waiting(loop)
    if line is not None and line.is_stale:
        line.leave(is_sound=False)
        line = None
    if line is None:
        direct = database.lend(loop)
        if direct is None:
            return False
        line = Line(database, direct, loop)
        try:
            loop.add_reader(line.socket, line.hear)
        except NotImplementedError:  # as on Windows
            database.take_back(direct)
            return False
    line.ask(statement, values, kinds, answered)
    return True


@final
class Line:
    """A connection that one loop asks, a statement at a time, and listens to meanwhile and in between.

    To listen anew each time costs more than a twentieth of a mail. A statement is prepared after its first time.
    """

    def __init__(self, database: Database, direct: Direct, loop: AbstractEventLoop) -> None:
        self._database = database
        self._direct = direct
        self._loop = loop
        self._libpq: Any = direct.libpq
        self._statement: Compiled | None = None  # under way
        self._answered: Answered | None = None
        self._is_done = False
        self._writes = False
        self.socket: int = self._libpq.socket

    @property
    def is_stale(self) -> bool:
        """Whether its server said something that its loop has not heard yet: most likely that it ended."""
        return self._direct.is_stale

    def ask(
        self, statement: Statement, values: Sequence[Any], kinds: Sequence[Kind], answered: Answered
    ) -> None:
        """Send a statement, as much of it as the network takes."""
        self._statement = compiled = statement.compiled_for(self._direct.dialect)
        self._answered, self._is_done = answered, False
        try:
            octets = [
                one.encode() if (kind := type(one)) is str else b"%d" % one if kind is int else one
                for one in values
            ]
            name = self._direct.prepared.get(compiled)
            if name is not None:
                self._libpq.send_query_prepared(name, octets, kinds)
            else:
                self._libpq.send_query_params(compiled.text.encode(), octets, param_formats=kinds)
            self._flush()
        except Exception as problem:  # noqa: BLE001 - it is told to whoever waits
            self._break_off(problem)

    def hear(self) -> None:
        """Take what the server says; the loop calls it when there is something."""
        try:
            self._libpq.consume_input()
            while not self._libpq.is_busy():
                result = self._libpq.get_result()
                if result is None:
                    self._go_on(self._statement)
                    return
                self._is_done = result.status == _DONE
        except Exception as problem:  # noqa: BLE001 - it is told to whoever waits
            self._break_off(problem)

    def _go_on(self, statement: Compiled | None) -> None:
        if not self._is_done and self._libpq.status != _SOUND:
            raise self._direct.ended
        if statement is None:  # the server said something by itself
            return
        if statement in self._direct.prepared or not self._is_done:
            self._end()
            return
        self._direct.prepared[statement] = name = b"mailsend_%d" % len(self._direct.prepared)
        self._tell(None)
        self._is_done = False
        self._libpq.send_prepare(name, statement.text.encode())
        self._flush()

    def _end(self) -> None:
        self._statement = None
        if not (self._is_done and self._waits()):
            self.leave(is_sound=self._is_done)
        self._tell(None if self._is_done else Failure(problem=_REFUSED))

    def _waits(self) -> bool:
        """Whether it waits for what its loop asks next."""
        if not self._database.lending.wait(self._loop, self):
            return False
        if self._database.has_opened(self._direct):
            return True
        self._database.lending.leave(self._loop, self)  # it was closed just now
        return False

    def leave(self, *, is_sound: bool = True) -> None:
        """Listen no more, and give the connection back; its loop calls it."""
        self._leave()
        self._database.take_back(self._direct, is_sound=is_sound)

    def _break_off(self, problem: Exception) -> None:
        """Give the connection up; the server may do what it was asked all the same."""
        self._leave()
        self._database.lending.leave(self._loop, self)
        lost = self._direct.broken_by(problem)
        error = told(lost, self._database.location)
        error.__cause__ = lost
        self._database.take_back(self._direct, is_sound=False)
        self._tell(unheard(error))

    def _tell(self, failure: Failure | None) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(failure)

    def _flush(self) -> None:
        """Send on what the network takes; the loop calls it when it takes more."""
        try:
            is_left = bool(self._libpq.flush())
        except Exception as problem:  # noqa: BLE001 - it is told to whoever waits
            self._break_off(problem)
            return
        if is_left and not self._writes:
            self._loop.add_writer(self.socket, self._flush)
        elif self._writes and not is_left:
            self._loop.remove_writer(self.socket)
        self._writes = is_left

    def _leave(self) -> None:
        self._loop.remove_reader(self.socket)
        if self._writes:
            self._loop.remove_writer(self.socket)


_REFUSED: Final = StoreError("the server refused a statement", advice="Try it once more: then it says why.")
